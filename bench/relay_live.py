"""`live.commit_to_browser_p99`: from a commit to the browser's frame whose counts contain it.

Real are PostgreSQL, the stats process, Valkey and the relay with its database; the browser is this
process. Each change inserts one image and asks for the recount after its commit, as an upload
does. First one change a second, which nothing holds back; then twenty a second for a while,
which are folded and paced: a frame then stands for several changes. Without a peer; beside it
stands the goal.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Thread
from uuid import UUID

import httpx
from sqlalchemy import text

from bench.measurement import Measurement
from bench.processes import process, stats_worker, wait_until
from bench.relay_playing import free_port
from bench.rounds import Scale
from bench.rows import insert_images, insert_project
from bench.servers import Bench, bench_servers
from shared.client.live import LiveUpdates
from shared.domain.channels import Channel, ChannelKind
from shared.messaging.celery_queue import CeleryTaskQueue
from shared.messaging.ports import TicketHolder
from shared.messaging.producer import sending_queue
from shared.messaging.redis_connections import connect
from shared.messaging.tickets import RedisTickets

NAMES = ("live.commit_to_browser_p99", "live.commit_to_browser_p99.conflated")

_ALONE, _ALONE_PAUSE, _ALONE_GOAL = 60, 1.0, 150.0
_MANY, _MANY_PAUSE, _MANY_GOAL = 400, 0.05, 400.0


_LOGIN = text(
    "INSERT INTO login_sessions (user_id, token_hash, expires_at)"
    " VALUES (:user, sha256(CAST(gen_random_uuid()::text AS bytea)), now() + interval '1 hour')"
    " RETURNING id"
)


def run(scale: Scale) -> Iterator[Measurement]:
    """Change, listen, compare."""
    with bench_servers() as bench:
        os.environ.update(bench.settings())  # Read by celeryconfig.
        yield from _measured(scale, bench)


def _measured(scale: Scale, bench: Bench) -> Iterator[Measurement]:
    with live_relay(bench) as port, stats_worker(bench):
        alone = _p99(bench, port, scale.of(_ALONE), _ALONE_PAUSE)
        many = _p99(bench, port, scale.of(_MANY), _MANY_PAUSE)
    for name, p99, goal in zip(NAMES, (alone, many), (_ALONE_GOAL, _MANY_GOAL), strict=True):
        yield Measurement(name, p99, "ms", "the goal", goal)


def _p99(bench: Bench, port: int, changes: int, pause: float) -> float:
    """Return the 99th percentile in milliseconds over so many changes of a new project."""
    project_id, user_id = insert_project(bench.database)
    queue = sending_queue(bench.urls.redis)
    with _watching(bench, port, project_id, user_id) as live:
        _change(bench, queue, project_id)  # The first opens connections on the whole way.
        next(live.updates(silence=60))
        time.sleep(_ALONE_PAUSE)  # Else the first that counts would wait for the interval of this.
        committed: list[float] = []
        heard: list[tuple[float, int]] = []
        listening = Thread(target=_listen, args=(live, 1 + changes, heard))
        listening.start()
        for _ in range(changes):
            committed.append(_change(bench, queue, project_id))
            time.sleep(pause)
        listening.join(timeout=30)
    ages = [
        next(at for at, count in heard if count >= number) - moment
        for number, moment in enumerate(committed, start=2)
    ]
    return 1000 * sorted(ages)[int(0.99 * len(ages))]


def _change(bench: Bench, queue: CeleryTaskQueue, project_id: UUID) -> float:
    """Insert an image and ask for the recount; return the moment of the commit."""
    insert_images(bench.database, project_id, 1)
    committed = time.monotonic()
    queue.ask_recompute(project_id)
    return committed


def _listen(live: LiveUpdates, last: int, heard: list[tuple[float, int]]) -> None:
    for update in live.updates(silence=15):
        heard.append((time.monotonic(), update["data"]["stats"]["imageCount"]))
        if heard[-1][1] >= last:
            return


def _watching(bench: Bench, port: int, project_id: UUID, user_id: UUID) -> LiveUpdates:
    channel = str(Channel(ChannelKind.PROJECT, project_id))
    ticket = ticket_for(bench, user_id)
    return LiveUpdates(f"ws://127.0.0.1:{port}/ws", ticket=ticket, channels=[channel])


def ticket_for(bench: Bench, user_id: UUID) -> str:
    """Sign the user in; return a ticket of that login."""
    expires_at = datetime.now(UTC) + timedelta(hours=1)
    tickets = RedisTickets(connect(bench.urls.redis))
    login = bench.database.transact(lambda tx: tx.execute(_LOGIN, {"user": user_id}).scalar_one())
    return tickets.issue(TicketHolder(user_id, session_id=str(login), expires_at=expires_at))


@contextmanager
def live_relay(bench: Bench) -> Iterator[int]:
    """Run a relay with its database; yield its port."""
    port = free_port()
    arguments = ["--no-control-socket", "-c", "python:web.relay.gunicorn_config", "-w", "1"]
    address = ["-b", f"127.0.0.1:{port}", "web.relay.wsgi:relay_app()"]
    with process(bench, "gunicorn", *arguments, *address):
        wait_until(lambda: _is_ready(port), "the relay is ready", seconds=60)
        yield port


def _is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).is_success
    except httpx.HTTPError:
        return False
