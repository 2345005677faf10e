"""Turns at the engines: so many at a time, however many children the worker has.

A worker has more children than turns. While one child is in its engine, another reads its image,
measures or stores; so neither a core nor an accelerator rests between two images. That only pays
while images are short: one that waits here for a long turn could have begun at another worker.
"""

import fcntl
import mmap
import os
import signal
import struct
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import current_thread, main_thread
from types import FrameType

from shared.config import Settings
from shared.domain.engines import Limits
from shared.domain.errors import CelltallyError
from shared.domain.runs import SENTENCES, FailureCode

#: How often the first in line looks for a free place; the others wait for the first.
LOOK_SECONDS = 0.001

#: A turn this short is not worth going to another worker for.
SHORT_SECONDS = 2.0

#: Whoever waits longer has come too early: the turns are not that short any more.
WAIT_SECONDS = 2 * SHORT_SECONDS

#: After such a rest nobody knows how long the next images will take.
REST_SECONDS = 1.0

#: A place: who is at it (0: nobody), since when, and until when at most; of a turn that is over,
#: until when it was. All by the clock that the processes of a machine share. And how many tiles of
#: the image are done, of how many (0: nobody said).
_PLACE = struct.Struct("=qddqq")
_TILES = struct.Struct("=qq")
_TILES_OFFSET = _PLACE.size - _TILES.size
_LINE = 0  # The byte whose lock is the head of the line; those of the places follow.


class EngineTimeoutError(CelltallyError):
    """The engine took longer than it declares."""

    code = FailureCode.TIMEOUT


class NoTurnError(Exception):
    """No turn came soon: the image may begin earlier at another worker."""


class Turns:
    """As many turns at a time as there are *places*; made before the fork, shared by all children.

    A turn is a lock that the kernel takes back when its holder dies, so a killed child
    leaves no place taken.
    """

    def __init__(self, places: int) -> None:
        self.places = places
        self._file = os.memfd_create("celltally-turns")
        os.truncate(self._file, places * _PLACE.size)
        self._table = mmap.mmap(self._file, places * _PLACE.size)

    @contextmanager
    def taken(self, limits: Limits) -> Iterator[float]:
        """Wait for a turn and hold it; yield how many seconds the wait was.

        NoTurnError is raised when none comes soon. The engine's limits count from the turn: at
        the soft one EngineTimeoutError is raised in the block; whoever is beyond the hard one is
        told by `overdue`, and is past listening.
        """
        began = time.monotonic()
        try:
            with _alarm(WAIT_SECONDS, NoTurnError()):
                place = self._wait()
            begins = time.monotonic()
            self._write(place, os.getpid(), begins, begins + limits.hard_seconds)
            with _limit(limits):
                yield begins - began
        finally:
            self._leave()

    def tell(self, done: int, total: int) -> None:
        """Say how far this process is with its turn; its parent reads it."""
        for place, (pid, _, _, _, _) in enumerate(self._places()):
            if pid == os.getpid():
                _TILES.pack_into(self._table, place * _PLACE.size + _TILES_OFFSET, done, total)

    def progress(self) -> dict[int, tuple[int, int]]:
        """Return how far each process is that said it, by pid."""
        return {pid: (done, total) for pid, _, _, done, total in self._places() if pid and total}

    def overdue(self) -> set[int]:
        """Return the processes that are in an engine beyond its hard limit, dead ones included."""
        now = time.monotonic()
        return {pid for pid, _, until, _, _ in self._places() if pid and until < now}

    def are_short(self) -> bool:
        """Tell whether every place has turns of a moment only, one after the other."""
        now = time.monotonic()
        return all(
            (now if pid else until) - since < SHORT_SECONDS and now - until < REST_SECONDS
            for pid, since, until, _, _ in self._places()
        )

    def _places(self) -> list[tuple[int, float, float, int, int]]:
        return list(_PLACE.iter_unpack(self._table[:]))

    def _wait(self) -> int:
        """Queue up, then take the first place that is free."""
        fcntl.lockf(self._file, fcntl.LOCK_EX, 1, _LINE)
        while (place := self._free_place()) is None:
            time.sleep(LOOK_SECONDS)
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _LINE)
        return place

    def _free_place(self) -> int | None:
        return next((place for place in range(self.places) if _locked(self._file, place + 1)), None)

    def _leave(self) -> None:
        """Give back whatever this process holds: a signal may have come between two steps."""
        for place, (pid, since, _, _, _) in enumerate(self._places()):
            if pid == os.getpid():
                self._write(place, 0, since, time.monotonic())
        fcntl.lockf(self._file, fcntl.LOCK_UN)

    def _write(self, place: int, pid: int, since: float, until: float) -> None:
        # The times before the name: nobody may be read with the limit of the one before.
        offset = place * _PLACE.size
        _PLACE.pack_into(self._table, offset, 0, since, until, 0, 0)
        _PLACE.pack_into(self._table, offset, pid, since, until, 0, 0)


class FreeTurns:
    """Turns without end, for a process that works alone."""

    places = 1

    def __init__(self) -> None:
        self._tiles: tuple[int, int] | None = None

    @contextmanager
    def taken(self, limits: Limits) -> Iterator[float]:
        """Begin at once."""
        try:
            with _limit(limits):
                yield 0.0
        finally:
            self._tiles = None

    def tell(self, done: int, total: int) -> None:
        """Say how far this process is with its turn."""
        self._tiles = (done, total)

    def progress(self) -> dict[int, tuple[int, int]]:
        """Return how far this process is, if it said it."""
        return {} if self._tiles is None else {os.getpid(): self._tiles}

    def overdue(self) -> set[int]:
        """Return nobody: a process cannot end itself while it is deep in an engine."""
        return set()

    def are_short(self) -> bool:
        """Tell that nobody need come early: nobody waits here."""
        return False


_shared: Turns | FreeTurns = FreeTurns()


def share(children: int) -> None:
    """Make the turns of this worker, in its parent and before it forks its *children*."""
    global _shared  # noqa: PLW0603
    _shared = Turns(min(children, Settings.from_environment().worker_concurrency))


def shared_turns() -> Turns | FreeTurns:
    """Return the turns of this worker."""
    return _shared


def _limit(limits: Limits) -> AbstractContextManager[None]:
    return _alarm(limits.soft_seconds, EngineTimeoutError(SENTENCES[FailureCode.TIMEOUT]))


@contextmanager
def _alarm(seconds: float, problem: Exception) -> Iterator[None]:
    """Raise *problem* in the block after *seconds*; only a main thread hears of it."""
    if current_thread() is not main_thread():
        yield
        return

    def time_is_up(_number: int, _frame: FrameType | None) -> None:
        raise problem

    before = signal.signal(signal.SIGALRM, time_is_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _locked(file: int, byte: int) -> bool:
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
    except BlockingIOError:
        return False
    return True
