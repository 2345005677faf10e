"""Files of a multipart request, written to disk and hashed while they come in."""

import hashlib
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from werkzeug.exceptions import BadRequest
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, File, MultipartDecoder, NeedData

from shared.actions.judging import ReceivedFile
from shared.domain.errors import CelltallyError, InvalidInputError
from shared.storage.errors import failing_as

FIELD = "files"
MOST_FILES = 1000
CHUNK = 1 << 18

#: Headers of a part, or a boundary, longer than this are no honest client's.
LONGEST_HEAD = 4 * CHUNK

_RAW_NAME = re.compile(r'filename="((?:[^"\\]|\\.)*)"')
_LONE_BACKSLASH = re.compile(r'(?<!\\)\\(?:\\\\)*(?![\\"])')


class NotMultipartError(CelltallyError):
    """The body is no form with files."""

    code = "unsupported_media_type"
    status = 415


class TooManyFilesError(CelltallyError):
    """One request brings more files than we judge at once."""

    code = "too_many_files"
    status = 413


@contextmanager
def received_files(
    stream: IO[bytes], content_type: str, *, folder: Path, max_bytes: int
) -> Iterator[list[ReceivedFile]]:
    """Read the whole body; the files are in *folder* until the block ends.

    Nothing is kept in memory but one chunk. When the connection breaks, reading raises and
    what came in so far is removed.
    """
    boundary = _boundary(content_type)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="upload-") as place:
        with ExitStack() as files:  # Closes a file that a broken connection left half written.
            receiver = _Receiver(Path(place), max_bytes, files)
            received = list(receiver.receive(stream, boundary))
        if not received:
            raise InvalidInputError(
                f"The form has no file; send each in a field {FIELD!r}.", code="no_files"
            )
        yield received


@dataclass
class _Growing:
    """A file that is coming in."""

    filename: str
    path: Path
    output: IO[bytes]
    max_bytes: int
    size: int = 0

    def __post_init__(self) -> None:
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> None:
        """Take more of it; what is too large is read to its end and not kept."""
        self.size += len(data)
        if self.size <= self.max_bytes:
            self.digest.update(data)
            with failing_as("receive", self.filename):
                self.output.write(data)

    def finish(self) -> ReceivedFile:
        self.output.close()
        too_large = self.size > self.max_bytes
        if too_large:
            self.path.unlink()
        return ReceivedFile(self.filename, self.path, self.digest.hexdigest(), self.size, too_large)


class _Receiver:
    """Turns the events of the decoder into files."""

    def __init__(self, folder: Path, max_bytes: int, files: ExitStack) -> None:
        self._folder = folder
        self._files = files
        self._max_bytes = max_bytes
        self._count = 0

    def receive(self, stream: IO[bytes], boundary: bytes) -> Iterator[ReceivedFile]:
        growing: _Growing | None = None
        for event in _events(stream, boundary):
            if isinstance(event, File) and event.name == FIELD:
                growing = self._begin(_name_of(event))
            elif isinstance(event, Data) and growing is not None:
                growing.write(event.data)
                if not event.more_data:
                    yield growing.finish()
                    growing = None

    def _begin(self, filename: str) -> _Growing:
        self._count += 1
        if self._count > MOST_FILES:
            raise TooManyFilesError(f"Send at most {MOST_FILES} files in one request.")
        path = self._folder / f"{self._count}"
        output = self._files.enter_context(path.open("xb"))
        return _Growing(filename, path, output, self._max_bytes)


def _events(stream: IO[bytes], boundary: bytes) -> Iterator[Any]:
    decoder = MultipartDecoder(boundary, max_form_memory_size=LONGEST_HEAD)
    while True:
        try:
            event = decoder.next_event()
            if isinstance(event, NeedData):
                decoder.receive_data(stream.read(CHUNK) or None)
        except (ValueError, OSError):  # No form, or the sender went away.
            raise BadRequest from None
        if isinstance(event, Epilogue):
            return
        yield event


def _name_of(part: File) -> str:
    """Return the file's name as it was sent.

    Browsers write a backslash as it is, other clients double it, and the decoder takes every
    one for an escape: with it a path would become a name.
    """
    raw = _RAW_NAME.search(part.headers["Content-Disposition"])
    if raw is not None and _LONE_BACKSLASH.search(raw[1]):
        return raw[1]
    return part.filename


def _boundary(content_type: str) -> bytes:
    kind, options = parse_options_header(content_type)
    boundary = options.get("boundary")
    if kind != "multipart/form-data" or not boundary:
        raise NotMultipartError(f"Send files as multipart/form-data, in fields {FIELD!r}.")
    return boundary.encode(errors="replace")
