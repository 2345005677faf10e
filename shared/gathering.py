"""The measurements of many results at once, in bounded memory and time."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from shared.results import load_columns
from shared.storage import MissingFileError, Storage

Values: TypeAlias = NDArray[np.float32]

#: What one process keeps of results; a result never changes, so nothing of it becomes wrong.
MOST_BYTES = 64 << 20
#: How long one question may read files that are not kept yet.
READING_SECONDS = 1.0
_READERS = 4
_AT_ONCE = 16  #: Files between two looks at the clock.
_BYTES_OF_A_RESULT = 1_000  #: Beside its numbers.


@dataclass(frozen=True, slots=True)
class Source:
    """A stored result: the run that made it, and its folder."""

    run_id: UUID
    prefix: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """Objects of those of the sources that were *read*, one after the other.

    `owner[i]` is the place of object `i`'s source in the list; a measurement that a result
    does not have is no number. *names* are all measurements that some result has.
    """

    read: list[int]  #: Places of the sources, rising.
    owner: NDArray[np.int32]
    label: NDArray[np.int32]
    columns: dict[str, Values]
    names: list[str]


@dataclass(slots=True)
class _Kept:
    """What is kept of one result; lost ones have no names."""

    names: tuple[str, ...]
    label: NDArray[np.int32]
    columns: dict[str, Values]

    @property
    def size(self) -> int:
        return _BYTES_OF_A_RESULT + self.label.nbytes + sum(c.nbytes for c in self.columns.values())


class Gatherer:
    """Reads results, and keeps the numbers that were asked for last; safe for many threads.

    Only one question at a time reads files; others meanwhile get what is kept.
    """

    def __init__(
        self,
        storage: Storage,
        *,
        most_bytes: int = MOST_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._storage = storage
        self._most = most_bytes
        self._clock = clock
        self._kept: OrderedDict[UUID, _Kept] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()
        self._reading = threading.Lock()

    def gather(
        self, sources: Sequence[Source], names: Sequence[str], *, seconds: float = READING_SECONDS
    ) -> Gathered:
        """Return the measurements *names* of the sources, of as many as could be read in time.

        Asked again it goes on where it stopped.
        """
        wanted = set(names)
        missing = [source for source in sources if not self._has(source, wanted)]
        if missing and self._reading.acquire(blocking=False):
            try:
                self._read(missing, wanted, self._clock() + seconds)
            finally:
                self._reading.release()
        return self._gathered(sources, list(dict.fromkeys(names)))

    def _has(self, source: Source, names: set[str]) -> bool:
        with self._lock:
            kept = self._kept.get(source.run_id)
            if kept is None:
                return False
            self._kept.move_to_end(source.run_id)
            return names.intersection(kept.names) <= kept.columns.keys()

    def _read(self, missing: Sequence[Source], names: set[str], end: float) -> None:
        with ThreadPoolExecutor(_READERS) as threads:
            for first in range(0, len(missing), _AT_ONCE):
                some = missing[first : first + _AT_ONCE]
                loaded = threads.map(lambda source: self._load(source, names), some)
                for source, found in zip(some, loaded, strict=True):
                    self._keep(source, found)
                if self._clock() > end:
                    return

    def _load(self, source: Source, names: set[str]) -> _Kept:
        try:
            return _Kept(*load_columns(self._storage, source.prefix, names))
        except MissingFileError:  # Its image was deleted, or the storage lost it.
            return _Kept((), np.zeros(0, np.int32), {})

    def _keep(self, source: Source, found: _Kept) -> None:
        with self._lock:
            before = self._kept.pop(source.run_id, None)
            if before is not None:
                self._size -= before.size
                found.columns = before.columns | found.columns
            self._kept[source.run_id] = found
            self._size += found.size
            while self._size > self._most and len(self._kept) > 1:
                _, oldest = self._kept.popitem(last=False)
                self._size -= oldest.size

    def _gathered(self, sources: Sequence[Source], names: list[str]) -> Gathered:
        read: list[int] = []
        parts: list[_Kept] = []
        wanted = set(names)
        with self._lock:
            for place, source in enumerate(sources):
                kept = self._kept.get(source.run_id)
                if kept is not None and wanted.intersection(kept.names) <= kept.columns.keys():
                    read.append(place)
                    parts.append(kept)
        counts = [len(part.label) for part in parts]
        known = dict.fromkeys(name for part in parts for name in part.names)
        return Gathered(
            read=read,
            owner=np.repeat(np.array(read, np.int32), counts),
            label=_joined([part.label for part in parts], np.int32),
            columns={name: _joined([_column(part, name) for part in parts]) for name in names},
            names=list(known),
        )


def _column(part: _Kept, name: str) -> Values:
    found = part.columns.get(name)
    return np.full(len(part.label), np.nan, np.float32) if found is None else found


def _joined(parts: list[NDArray[Any]], kind: type = np.float32) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, kind)
