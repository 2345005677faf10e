"""Tiles on demand: one image after the other is cut, and nobody waits long for an answer."""

import threading
from collections.abc import Callable
from uuid import UUID

from shared.domain.errors import CelltallyError, UnavailableError
from shared.reading import Inspector
from shared.reading.tiles import Manifest
from shared.tiles import Source, TileStore

MOST_WAITING = 32
#: A child is given longer than for an upload: 400 megapixels are cut in about a minute.
SECONDS = 240
#: How long a request waits for what is made for it; most images are cut within this.
PATIENCE = 5.0

Make = Callable[[Inspector, Source], Manifest]


class TileMaker:
    """Makes the tiles of an image once for all who ask meanwhile.

    *make* cuts and stores; it is called in a thread, one at a time. What a process that ends
    leaves undone is begun again by whoever asks next.
    """

    def __init__(self, store: TileStore, make: Make, *, patience: float = PATIENCE) -> None:
        self.patience = patience  #: Seconds that a request waits.
        self._store = store
        self._make = make
        self._inspector = Inspector(children=1, seconds=SECONDS)
        self._turn = threading.Semaphore(1)
        self._lock = threading.Lock()
        self._under_way: dict[UUID, _Making] = {}

    def manifest(self, source: Source) -> Manifest | None:
        """Return what the tiles are; None while they are made.

        Raise RejectedFileError when the file broke, UnavailableError when too many wait.
        """
        stored = self._store.manifest(source.image_id)
        if stored is not None:
            return stored
        making = self._join(source)
        making.ended.wait(self.patience)
        if making.problem is not None:
            raise making.problem
        return making.manifest

    def close(self) -> None:
        """End the child."""
        self._inspector.close()

    def _join(self, source: Source) -> "_Making":
        with self._lock:
            making = self._under_way.get(source.image_id)
            if making is None:
                if len(self._under_way) >= MOST_WAITING:
                    raise UnavailableError("Many images are being prepared. Try again in a minute.")
                making = self._under_way[source.image_id] = _Making()
                # A daemon: a process that is told to end does not wait for a large image.
                threading.Thread(target=self._carry_out, args=(source, making), daemon=True).start()
            return making

    def _carry_out(self, source: Source, making: "_Making") -> None:
        try:
            with self._turn:
                making.manifest = self._make(self._inspector, source)
        except CelltallyError as problem:
            making.problem = problem
        except Exception as unforeseen:
            making.problem = UnavailableError("This image could not be prepared for viewing.")
            making.problem.__cause__ = unforeseen
        finally:
            with self._lock:
                del self._under_way[source.image_id]
            making.ended.set()


class _Making:
    """One image that is being cut, and what became of it."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.manifest: Manifest | None = None
        self.problem: CelltallyError | None = None
