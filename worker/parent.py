"""What a worker's parent process does beside its children: one thread a duty.

The parent holds no image and no engine, so it stays responsive while a child is deep in
native code that holds the interpreter's lock.
"""

import subprocess
import sys
from importlib.metadata import entry_points
from threading import Event, Thread
from typing import Any

from celery.signals import worker_ready, worker_shutdown
from structlog import get_logger

from shared.config import Settings
from shared.database.engine import Database
from shared.messaging.celery_queue import CeleryTaskQueue
from shared.messaging.redis_connections import connect
from shared.messaging.redis_events import RedisEventPublisher
from shared.servers.addresses import server_urls
from worker.app import app
from worker.heartbeat import Heartbeat, Pool
from worker.outbox import publish_for_ever

logger = get_logger(__name__)
_stopping = Event()


@worker_ready.connect  # type: ignore[untyped-decorator]
def start_duties(sender: Any, **_: object) -> None:
    """Start the duties that go with the queues this worker reads."""
    queues = sorted(queue.name for queue in sender.task_consumer.queues)
    if any(name.startswith("segment.") for name in queues):
        _start("heartbeat", lambda: _beat(sender.hostname, queues, Pool(sender.pool)))
        _start("engines", _register_engines)
    if "stats" in queues:
        _start("outbox", _publish)


@worker_shutdown.connect  # type: ignore[untyped-decorator]
def stop_duties(**_: object) -> None:
    """Let the threads end; the heartbeat says good-bye."""
    _stopping.set()


def _start(name: str, duty: Any) -> None:
    Thread(target=duty, name=name, daemon=True).start()


def _register_engines() -> None:
    # In a process of its own: engines are heavy, and children would inherit what they import.
    subprocess.run([sys.executable, "-m", "worker.engines.register"], check=False)


def _beat(hostname: str, queues: list[str], pool: Pool) -> None:
    settings = Settings.from_environment()
    urls = server_urls(settings)
    heartbeat = Heartbeat(
        database=Database(urls.database, pool_size=1, name="celltally-heartbeat"),
        queue=CeleryTaskQueue(app, connect(urls.redis, name="celltally-heartbeat")),
        pool=pool,
        worker=hostname,
        queues=queues,
        engines=sorted(point.name for point in entry_points(group="celltally.engines")),
        lease_seconds=settings.lease_seconds,
    )
    heartbeat.run(_stopping)


def _publish() -> None:
    urls = server_urls(Settings.from_environment())
    publish_for_ever(
        Database(urls.database, pool_size=1, name="celltally-outbox"),
        RedisEventPublisher(connect(urls.redis, name="celltally-outbox")),
        _stopping,
    )
