"""A worker that no longer hears its queue ends itself, so that its supervisor starts another.

After some restarts of Redis, Celery's consumer lives on without receiving anything.
"""

import os
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NoReturn

from redis import Redis, RedisError
from structlog import get_logger

from shared.latch import Latch
from shared.messaging.celery_queue import KEY_PREFIX

logger = get_logger(__name__)

LOOK_SECONDS = 2.0

#: A message waits, a child is free and nothing comes for so long: that is no coincidence.
DEAF_SECONDS = 20.0

#: How long Celery may take to end the process properly.
FAREWELL_SECONDS = 10.0


@dataclass
class Hearing:
    """Compares what waits in the broker with what this worker receives."""

    waiting: Callable[[], int]
    free: Callable[[], int]
    received: Callable[[], int]
    _received: int = -1
    _silent_since: float | None = None

    def is_deaf(self, now: float) -> bool:
        """Look, at the monotonic time *now*; True when the worker hears nothing for too long."""
        received = self.received()
        if received != self._received or not self._should_hear():
            self._received, self._silent_since = received, None
            return False
        if self._silent_since is None:
            self._silent_since = now
        return now - self._silent_since >= DEAF_SECONDS

    def _should_hear(self) -> bool:
        try:
            return self.free() > 0 and self.waiting() > 0
        except RedisError:  # While Redis is away there is nothing to hear.
            return False


def waiting_in(redis: Redis, queues: Iterable[str]) -> int:
    """Return how many messages wait in the *queues*; raises RedisError."""
    return sum(int(redis.llen(f"{KEY_PREFIX}{queue}")) for queue in queues)


def listen(hearing: Hearing, closing: Latch, *, when_deaf: Callable[[], object]) -> None:
    """Look again and again until the worker closes or is deaf."""
    while not closing.wait(LOOK_SECONDS):
        try:
            deaf = hearing.is_deaf(time.monotonic())
        except Exception as problem:  # Celery's own thread may be changing what is looked at.
            logger.info("could not look whether the worker hears", error=str(problem))
            continue
        if deaf:
            logger.error(
                "this worker is deaf: messages wait, it has a free place and receives nothing;"
                " it ends itself, to be started again",
                seconds=DEAF_SECONDS,
            )
            when_deaf()
            return


def end_this_process(last_words: Callable[[], None]) -> NoReturn:
    """Ask Celery to stop, and do without it when it does not listen to that either."""
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(FAREWELL_SECONDS)
    last_words()
    os._exit(1)
