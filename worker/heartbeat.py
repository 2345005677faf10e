"""The pulse of a worker: says that it lives, renews its leases, gives back dead children's runs."""

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from celery.worker import state
from structlog import get_logger

from shared.actions.leases import hand_back, renew_leases
from shared.database.engine import Database
from shared.database.workers import OnlineWorker, beat, leave
from shared.messaging.ports import TaskQueue

logger = get_logger(__name__)

#: A dead child is noticed this fast; its run waits again at once.
LOOK_SECONDS = 0.5

#: The heartbeat in the database; three missed ones and the worker is not online.
BEAT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Pool:
    """The children of this worker, whatever kind of pool Celery runs them in."""

    pool: Any
    active: Iterable[Any] = field(default_factory=lambda: state.active_requests)

    @property
    def slots(self) -> int:
        return int(self.pool.num_processes)

    def pids(self) -> set[int]:
        """Return the live children; a pool without children works in this process."""
        processes = getattr(getattr(self.pool, "_pool", None), "_pool", None)
        if processes is None:
            return {os.getpid()}
        return {child.pid for child in processes if child.pid and child.exitcode is None}

    def busy(self) -> set[int]:
        """Return the children that are at a task."""
        # Celery's own thread may add to it just now: then this raises, and the next round asks.
        return {request.worker_pid for request in tuple(self.active)}


@dataclass
class Heartbeat:
    """One thread's work; it has its own connection, opened after the children were forked."""

    database: Database
    queue: TaskQueue
    pool: Pool
    worker: str
    queues: list[str]
    engines: list[str]
    lease_seconds: int
    _seen: set[int] = field(default_factory=set)
    _busy: int = 0
    _next_beat: float = 0.0
    _next_renewal: float = 0.0

    def run(self, stopping: Event) -> None:
        """Beat until the worker stops; a database that is away is tried again each round."""
        while not stopping.is_set():
            try:
                self.beat_once(time.monotonic())
            except Exception as problem:
                logger.warning("heartbeat failed; trying again", error=str(problem))
            stopping.wait(LOOK_SECONDS)
        self._say_good_bye()

    def beat_once(self, now: float) -> None:
        """Do what is due at the monotonic time *now*."""
        live = self.pool.pids()
        self._give_back(live)
        if now >= self._next_renewal:
            # A child may outlive its task without an outcome, when the database was away just
            # then: only a run that somebody works at is kept.
            busy = sorted(live & self.pool.busy())
            held = self.database.transact(
                lambda tx: renew_leases(
                    tx, worker=self.worker, pids=busy, lease_seconds=self.lease_seconds
                )
            )
            self._busy = len(held)
            self._next_renewal = now + self.lease_seconds / 3
        if now >= self._next_beat:
            self.database.transact(lambda tx: beat(tx.connection, self._self(), self.engines))
            self._next_beat = now + BEAT_SECONDS

    def _give_back(self, live: set[int]) -> None:
        # Only pids seen alive before count as dead: a child forked after `live` was read
        # may hold a run already.
        dead = self._seen - live
        if dead:
            given = hand_back(self.database, self.queue, worker=self.worker, dead=dead)
            logger.warning("children died", pids=sorted(dead), runs=[str(r) for r in given])
        self._seen = live

    def _self(self) -> OnlineWorker:
        return OnlineWorker(self.worker, self.queues, self.pool.slots, self._busy)

    def _say_good_bye(self) -> None:
        try:
            self.database.transact(lambda tx: leave(tx.connection, self.worker))
        except Exception as problem:
            logger.info("could not say good-bye", error=str(problem))
