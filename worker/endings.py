"""Why the parent itself ended a child, noted before it does so."""

from collections.abc import Iterable
from threading import Lock
from typing import Any
from uuid import UUID

from celery.worker.request import Request

from shared.messaging.task_names import SEGMENT


class Endings:
    """Runs whose child the parent ended; without a note, a dead child was lost."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._timed_out: set[UUID] = set()
        self._broken_off: set[UUID] = set()

    def note_timeout(self, run_id: UUID) -> None:
        """Say that the run took longer than the hard time limit."""
        with self._lock:
            self._timed_out.add(run_id)

    def note_break(self, run_id: UUID) -> None:
        """Say that the run is broken off because the worker stops."""
        with self._lock:
            self._broken_off.add(run_id)

    def noted(self) -> tuple[set[UUID], set[UUID]]:
        """Return the runs that timed out, and those that were broken off."""
        with self._lock:
            return set(self._timed_out), set(self._broken_off)

    def forget(self, runs: Iterable[UUID]) -> None:
        """Forget runs that were given back."""
        gone = set(runs)
        with self._lock:
            self._timed_out -= gone
            self._broken_off -= gone


#: Of this process: Celery makes the requests, and nothing can be passed to them.
endings = Endings()


class RunRequest(Request):  # type: ignore[misc]
    """A message to carry out a run, as the parent sees it."""

    def on_timeout(self, soft: bool, timeout: float) -> None:
        """Note that the run timed out; the child is killed after this returns."""
        if not soft and (run_id := run_of(self)) is not None:
            endings.note_timeout(run_id)
        super().on_timeout(soft, timeout)

    def cancel(self, *arguments: Any, **keywords: Any) -> None:
        """Note that the run is broken off; the child is killed in here."""
        if (run_id := run_of(self)) is not None:
            endings.note_break(run_id)
        super().cancel(*arguments, **keywords)


def run_of(request: Any) -> UUID | None:
    """Return the run that *request* is about; None when it is about something else."""
    if request.name != SEGMENT:
        return None
    try:
        return UUID(request.args[0])
    except (IndexError, ValueError, AttributeError, TypeError):
        return None
