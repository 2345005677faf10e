"""The tiles of an image in storage: made when somebody first looks, and kept with the image."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID

from shared.reading import Inspector
from shared.reading.tiles import SPAN, Manifest, manifest_of
from shared.storage import MissingFileError, Storage

#: Raised when tiles or what is told of them change: those of another version are made anew.
VERSION = 2


@dataclass(frozen=True, slots=True)
class Source:
    """The file that tiles are made of."""

    image_id: UUID
    filename: str
    storage_key: str
    page: int


class TileStore:
    """Tiles by image; a manifest is stored last, so what has one is whole."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def manifest(self, image_id: UUID) -> Manifest | None:
        """Return what the tiles of the image are; None when none are stored."""
        try:
            return manifest_of(json.loads(self._storage.read(_manifest_key(image_id))))
        except MissingFileError:
            return None

    def tile(self, image_id: UUID, number: int) -> bytes:
        """Return the bytes of a tile that its manifest knows."""
        key = _pack_key(image_id)
        first = number * SPAN.size
        begin, size = SPAN.unpack(self._bytes(key, first, first + SPAN.size))
        return self._bytes(key, begin, begin + size)

    def keep(self, image_id: UUID, manifest: Manifest, pack: Path) -> None:
        """Store the tiles in the file *pack*, which must not be written to any more."""
        self._storage.put_file(_pack_key(image_id), pack)
        self._storage.put(_manifest_key(image_id), json.dumps(asdict(manifest)).encode())

    def forget(self, image_id: UUID) -> None:
        """Delete what is stored of the image's tiles."""
        self._storage.delete_folder(folder_of(image_id))

    def _bytes(self, key: str, begin: int, end: int) -> bytes:
        return b"".join(self._storage.stream(key, begin, end))


def make_tiles(  # noqa: PLR0913 - named, each of them
    storage: Storage,
    inspector: Inspector,
    source: Source,
    *,
    scratch: Path,
    max_pixels: int,
    still_there: Callable[[], bool],
) -> Manifest:
    """Cut the image in a child process and store its tiles; raise RejectedFileError if it broke.

    Whoever deletes the image leaves its tiles to the janitor. Of one that was deleted
    meanwhile nothing is kept.
    """
    store = TileStore(storage)
    with tempfile.TemporaryDirectory(dir=scratch, prefix="tiles-") as folder:
        original, pack = Path(folder) / "original", Path(folder) / "pack"
        with original.open("wb") as copy:
            for piece in storage.stream(source.storage_key):
                copy.write(piece)
        manifest = inspector.cut(
            original, source.filename, max_pixels=max_pixels, page=source.page, target=pack
        )
        store.keep(source.image_id, manifest, pack)
    if not still_there():
        store.forget(source.image_id)
    return manifest


def folder_of(image_id: UUID) -> str:
    """Return where the tiles of the image lie; deletions of images know it too."""
    return f"tiles/{image_id}/"


def _manifest_key(image_id: UUID) -> str:
    return f"{folder_of(image_id)}{VERSION}.json"


def _pack_key(image_id: UUID) -> str:
    return f"{folder_of(image_id)}{VERSION}.tiles"
