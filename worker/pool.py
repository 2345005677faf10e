"""The children of a worker and what they are at, as its parent sees them."""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from celery.worker import state

from shared.database.leases import Holding
from shared.messaging.task_names import EXPORT
from worker.endings import run_of
from worker.turns import FreeTurns, Turns


@dataclass(frozen=True, slots=True)
class Pool:
    """The children of this worker, whatever kind of pool Celery runs them in."""

    pool: Any
    controller: Any = None
    active: Iterable[Any] = field(default_factory=lambda: state.active_requests)
    reserved: Iterable[Any] = field(default_factory=lambda: state.reserved_requests)

    @property
    def children(self) -> int:
        """How many tasks the pool could work at."""
        return int(self.pool.num_processes)

    @property
    def limit(self) -> int:
        """How many tasks Celery takes at most, as it prefetches none."""
        return getattr(self.controller, "max_concurrency", None) or self.children

    def reach(self, turns: Turns | FreeTurns) -> None:
        """Have Celery take more tasks than engines work at only while turns are short.

        What needs no engine, as an export, takes no place away from images.
        """
        if turns.are_short():
            self.controller.max_concurrency = self.children
        else:
            places = turns.places + self._beside_engines()
            self.controller.max_concurrency = min(self.children, places)

    @property
    def free(self) -> int:
        """How many more tasks could be taken; one that waits for its child to begin counts."""
        return self.limit - len({*self.reserved, *self.active})

    def pids(self) -> set[int]:
        """Return the live children; a pool without children works in this process."""
        processes = getattr(getattr(self.pool, "_pool", None), "_pool", None)
        if processes is None:
            return {os.getpid()}
        return {child.pid for child in processes if child.pid and child.exitcode is None}

    def _beside_engines(self) -> int:
        with suppress(RuntimeError):  # Celery's own thread adds to it; the next look will tell.
            return sum(request.name == EXPORT for request in tuple(self.active))
        return 0

    def exporting(self) -> set[int]:
        """Return the children that write an export."""
        return {
            request.worker_pid
            for request in tuple(self.active)
            if request.worker_pid and request.name == EXPORT
        }

    def at_work(self) -> set[Holding]:
        """Return which child is at which run."""
        return {
            Holding(request.worker_pid, run_id)
            # Celery's own thread may add to it just now: then this raises, and the next round asks.
            for request in tuple(self.active)
            if request.worker_pid and (run_id := run_of(request)) is not None
        }
