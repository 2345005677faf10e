"""The ZIP, made piece by piece: whoever stores it holds a piece of each file at most."""

import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from io import RawIOBase
from typing import TYPE_CHECKING

from shared.exporting.entries import Entry

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

#: Text shrinks to a sixth at the second level already; the sixth takes twice as long.
_LEVEL = 2
_MODE = 0o644 << 16


class _Outbox(RawIOBase):
    """What zipfile writes to, and is emptied after each step; it cannot be sought in."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: "ReadableBuffer") -> int:
        view = memoryview(content)
        self._written += view
        return view.nbytes

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


def zipped(entries: Iterable[Entry], moment: datetime) -> Iterator[bytes]:
    """Yield the ZIP of *entries*, each of any size: ZIP64 throughout; *moment* dates its files."""
    outbox = _Outbox()
    date = moment.timetuple()[:6]
    with zipfile.ZipFile(outbox, "w", allowZip64=True) as archive:
        for entry in entries:
            with archive.open(_header(entry, date), "w", force_zip64=True) as file:
                for piece in entry.pieces:
                    file.write(piece)
                    yield outbox.take()
            yield outbox.take()
    yield outbox.take()


def _header(entry: Entry, date: tuple[int, ...]) -> zipfile.ZipInfo:
    header = zipfile.ZipInfo(entry.path, date)  # type: ignore[arg-type]
    header.compress_type = zipfile.ZIP_STORED if entry.is_packed else zipfile.ZIP_DEFLATED
    header.external_attr = _MODE
    # Python 3.13 calls it compress_level, and keeps this name beside it.
    header._compresslevel = _LEVEL  # type: ignore[attr-defined]
    return header
