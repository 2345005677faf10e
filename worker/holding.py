"""Asking, between the steps of a run, whether it is still ours."""

import time
from collections.abc import Callable

from shared.database.engine import AWAY, Database
from shared.database.leases import is_held
from shared.domain.runs import ClaimedRun

#: Asked at most this often, so that a short run never asks.
ASK_SECONDS = 1.0


class TakenAwayError(Exception):
    """The run was cancelled, deleted or given to another child meanwhile."""


class Watch:
    """Watches one run from its claim on; an engine that works in tiles may call `check` too."""

    def __init__(
        self, database: Database, run: ClaimedRun, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._run = run
        self._clock = clock
        self._next = clock() + ASK_SECONDS

    def check(self) -> None:
        """Raise TakenAwayError when the run is no longer ours; cheap however often it is called."""
        if self._clock() < self._next:
            return
        if not self._is_held():
            raise TakenAwayError
        self._next = self._clock() + ASK_SECONDS

    def _is_held(self) -> bool:
        try:
            with self._database.reading() as connection:
                return is_held(connection, self._run)
        except AWAY:  # Not to know is no reason to throw work away; the commit will tell.
            return True
