"""What a worker's parent process does beside its children: one thread a duty.

The parent holds no image and no engine, so it stays responsive while a child is deep in
native code that holds the interpreter's lock.
"""

import atexit
import json
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from threading import Thread
from typing import Any

from celery.signals import task_received, worker_ready, worker_shutdown, worker_shutting_down
from structlog import get_logger

from shared.config import Settings
from shared.database.engine import Database
from shared.latch import Latch
from shared.messaging.producer import sending_queue
from shared.messaging.redis_connections import connect
from shared.messaging.redis_events import RedisEventPublisher
from shared.servers.addresses import server_urls
from worker.deafness import Hearing, end_this_process, listen, waiting_in
from worker.endings import endings
from worker.heartbeat import Heartbeat
from worker.outbox import publish_for_ever
from worker.pool import Pool
from worker.strays import Strays
from worker.turns import shared_turns

logger = get_logger(__name__)

#: How soon it is noticed that turns are short, or no more.
REACH_SECONDS = 0.1

#: What a heartbeat's statement may take: a lease has to be renewed on a new connection in time.
BEAT_SECONDS = 10

#: The heartbeat has this long to say good-bye.
GOOD_BYE_SECONDS = 5.0

_closing = Latch()  # No more messages are taken; children may still be at work.
_stopping = Latch()  # The children are done.
_threads: dict[str, Thread] = {}
_received = 0
_engines: list[str] = []  # Those that can be used here, once it is known.


@worker_ready.connect  # type: ignore[untyped-decorator]
def start_duties(sender: Any, **_: object) -> None:
    """Start the duties that go with the queues this worker reads."""
    queues = queues_of(sender)
    pool = Pool(sender.pool, sender.controller)
    if any(name.startswith("segment.") for name in queues):
        pool.reach(shared_turns())  # Before the first message comes.
        _start("reach", lambda: _reach(pool))
        _start("heartbeat", lambda: _beat(sender.hostname, queues, pool))
        _start("engines", lambda: _register_engines(sender.hostname))
    if "stats" in queues:
        _start("outbox", _publish)
    _start("hearing", lambda: _hear(sender, queues, pool))
    atexit.register(say_good_bye)


@task_received.connect  # type: ignore[untyped-decorator]
def count_received(**_: object) -> None:
    """Count what the broker gives us."""
    global _received  # noqa: PLW0603
    _received += 1


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def close(**_: object) -> None:
    """Expect no more messages."""
    _closing.set()


@worker_shutdown.connect  # type: ignore[untyped-decorator]
def stop_duties(**_: object) -> None:
    """Let the threads end."""
    _stopping.set()


def say_good_bye() -> None:
    """Have the heartbeat give back whatever is still held; Celery's cold stop does not tell."""
    _closing.set()
    _stopping.set()
    if heartbeat := _threads.get("heartbeat"):
        heartbeat.join(GOOD_BYE_SECONDS)


def queues_of(consumer: Any) -> list[str]:
    """Return the queues that are read now: an operator may take one away."""
    return sorted(queue.name for queue in consumer.task_consumer.queues)


def _start(name: str, duty: Callable[[], None]) -> None:
    _threads[name] = Thread(target=duty, name=name, daemon=True)
    _threads[name].start()


def _register_engines(hostname: str) -> None:
    # In a process of its own: engines are heavy, and children would inherit what they import.
    command = [sys.executable, "-m", "worker.engines.register", hostname]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode == 0:
        _engines[:] = json.loads(done.stdout.splitlines()[-1])
    else:
        _engines[:] = sorted(point.name for point in entry_points(group="celltally.engines"))


def _reach(pool: Pool) -> None:
    while not _closing.wait(REACH_SECONDS):
        pool.reach(shared_turns())


def _beat(hostname: str, queues: list[str], pool: Pool) -> None:
    settings = Settings.from_environment()
    urls = server_urls(settings)
    heartbeat = Heartbeat(
        database=Database(
            urls.database, pool_size=1, name="celltally-heartbeat", statement_seconds=BEAT_SECONDS
        ),
        pool=pool,
        strays=Strays(pool.at_work),
        endings=endings,
        turns=shared_turns(),
        worker=hostname,
        queues=queues,
        engines=_engines,
        lease_seconds=settings.lease_seconds,
    )
    heartbeat.run(_stopping)


def _publish() -> None:
    urls = server_urls(Settings.from_environment())
    publish_for_ever(
        Database(urls.database, pool_size=1, name="celltally-outbox"),
        RedisEventPublisher(connect(urls.redis, name="celltally-outbox")),
        sending_queue(urls.redis),
        _stopping,
    )


def _hear(consumer: Any, at_first: list[str], pool: Pool) -> None:
    redis = connect(server_urls(Settings.from_environment()).redis, name="celltally-hearing")

    def waiting() -> int:
        # While Celery connects again there is no consumer; what it read before still waits.
        return waiting_in(redis, queues_of(consumer) if consumer.task_consumer else at_first)

    hearing = Hearing(waiting=waiting, free=lambda: pool.free, received=lambda: _received)
    listen(hearing, _closing, when_deaf=lambda: end_this_process(say_good_bye))
