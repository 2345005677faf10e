"""The task queue on Celery: sends hints, and never keeps its caller waiting for long."""

import base64
import json
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from uuid import UUID

from celery import Celery
from redis import Redis, RedisError
from structlog import get_logger

from shared.domain.exports import EXPORT_HARD_SECONDS, EXPORT_SOFT_SECONDS
from shared.domain.previews import HARD_SECONDS, SOFT_SECONDS, WAITING_SECONDS
from shared.domain.runs import DispatchedRun
from shared.messaging.ports import HeldByBroker
from shared.messaging.task_names import (
    EXPORT,
    INGEST,
    PREVIEW,
    RECOMPUTE_DASHBOARD,
    RECOMPUTE_STATS,
    SEGMENT,
)

logger = get_logger(__name__)

#: Kombu puts this before every key; celeryconfig.py sets it.
KEY_PREFIX = "celltally:"

#: What a task may take beside its engine: reading, waiting for a turn, measuring and storing.
BESIDE_SECONDS = 120

#: Messages that are sent in one go.
BATCH = 500

#: How long one ask mutes the next for the same project, if its task should be lost.
ASKED_MS = 2000

#: After a failure Redis is left alone for this long: the scheduler's sweeps ask again.
BREAKER_SECONDS = 30.0


class CeleryTaskQueue:
    """Sends tasks through Celery; `redis` is a client with short timeouts."""

    def __init__(self, app: Celery, redis: Redis, *, breaker: bool = True) -> None:
        self._app = app
        self._redis = redis
        self._breaker = breaker
        self._closed_until = 0.0

    def send_segments(self, dispatched: Sequence[DispatchedRun]) -> None:
        """Send a `celltally.segment` for each run; raises when the broker does not take them."""
        # In one go: a round trip for each message would be most of the time. When that fails some
        # may have arrived, and arrive again later; the claim absorbs them.
        with (
            self._app.producer_pool.acquire(block=True, timeout=5) as producer,
            producer.batch(BATCH),
        ):
            for run in dispatched:
                self._app.send_task(
                    SEGMENT,
                    args=[str(run.run_id)],
                    queue=run.queue,
                    soft_time_limit=run.soft_limit + BESIDE_SECONDS,
                    time_limit=run.hard_limit + BESIDE_SECONDS,
                    producer=producer,
                )

    def send_exports(self, export_ids: Sequence[UUID]) -> None:
        """Send a `celltally.export` for each; raises when the broker does not take them."""
        for export_id in export_ids:
            self._app.send_task(
                EXPORT,
                args=[str(export_id)],
                queue="background",
                soft_time_limit=EXPORT_SOFT_SECONDS,
                time_limit=EXPORT_HARD_SECONDS,
            )

    def send_preview(self, preview_id: UUID, queue: str) -> None:
        """Send a `celltally.preview`; raises when the broker does not take it.

        It is of no use once nobody waits for it, so the broker forgets it by then.
        """
        self._app.send_task(
            PREVIEW,
            args=[str(preview_id)],
            queue=queue,
            soft_time_limit=SOFT_SECONDS,
            time_limit=HARD_SECONDS,
            expires=WAITING_SECONDS,
        )

    def ask_recompute(self, project_id: UUID) -> None:
        """Ask for the project's recompute, unless somebody asked and it has not begun yet."""
        self._ask_once(_stats_asked(project_id), RECOMPUTE_STATS, project_id)

    def ask_dashboard(self, user_id: UUID) -> None:
        """Ask for the user's dashboard to be computed and announced."""
        self._ask_once(_dashboard_asked(user_id), RECOMPUTE_DASHBOARD, user_id)

    def ask_ingest(self, ingest_id: UUID) -> None:
        """Ask for an archive to be taken in, or to be gone on with."""
        self._ask_once(f"{KEY_PREFIX}ingest:asked:{ingest_id}", INGEST, ingest_id)

    def stats_begin(self, project_id: UUID) -> None:
        """Let the next change ask again; call it before the deltas are read."""
        with suppress(RedisError):  # The key expires by itself.
            self._redis.delete(_stats_asked(project_id))

    def dashboard_begins(self, user_id: UUID) -> None:
        """Let the next change ask again; call it before the totals are read."""
        with suppress(RedisError):
            self._redis.delete(_dashboard_asked(user_id))

    def recompute_later(self, project_id: UUID, seconds: float) -> None:
        """Send the project's recompute again after *seconds*."""
        self._app.send_task(RECOMPUTE_STATS, args=[str(project_id)], countdown=seconds)

    def dashboard_later(self, user_id: UUID, seconds: float) -> None:
        """Send the user's recompute again after *seconds*."""
        self._app.send_task(RECOMPUTE_DASHBOARD, args=[str(user_id)], countdown=seconds)

    def answers(self) -> bool:
        """Tell whether the broker can be reached now."""
        try:
            return bool(self._redis.ping())
        except RedisError:
            return False

    def held_by_broker(self, queues: Collection[str]) -> HeldByBroker:
        """Return the runs whose message waits in one of the queues or was taken from one."""
        waiting: list[bytes] = []
        for name in queues:
            waiting += self._redis.lrange(f"{KEY_PREFIX}{name}", 0, -1)  # type: ignore[arg-type]
        taken: list[bytes] = []
        for unacknowledged in self._redis.hvals(f"{KEY_PREFIX}unacked"):
            with suppress(ValueError, IndexError):
                taken.append(json.dumps(json.loads(unacknowledged)[0]).encode())
        return HeldByBroker(waiting=set(_run_ids(waiting)), taken=set(_run_ids(taken)))

    def _ask_once(self, asked: str, task: str, subject: UUID) -> None:
        """Send *task* unless *asked* says that it is on its way; a failure is only logged."""
        if time.monotonic() < self._closed_until:
            return
        try:
            if self._redis.set(asked, 1, nx=True, px=ASKED_MS):
                self._send(asked, task, subject)
        except Exception as failure:  # Kombu raises errors of many libraries.
            logger.warning("redis took no hint; the scheduler repeats it", error=str(failure))
            if self._breaker:
                self._closed_until = time.monotonic() + BREAKER_SECONDS

    def _send(self, asked: str, task: str, subject: UUID) -> None:
        try:
            self._app.send_task(task, args=[str(subject)])
        except Exception:
            self._redis.delete(asked)  # Or nobody else would ask until the key expires.
            raise


def _stats_asked(project_id: UUID) -> str:
    return f"{KEY_PREFIX}stats:asked:{project_id}"


def _dashboard_asked(user_id: UUID) -> str:
    return f"{KEY_PREFIX}dash:asked:{user_id}"


def _run_ids(messages: list[bytes]) -> Iterator[UUID]:
    """Read the first argument of each message; one that is not ours is passed over."""
    for message in messages:
        with suppress(ValueError, KeyError, IndexError, TypeError):
            body = json.loads(base64.b64decode(json.loads(message)["body"]))
            yield UUID(body[0][0])
