"""What must wait for the end of an export: in memory while it is small, else on disk."""

from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import IO

from shared.storage.errors import failing_as

#: What stays in memory.
_SMALL_BYTES = 1 << 20
PIECE_BYTES = 1 << 18

#: What the disk is called when it takes no more.
TEMPORARY = "the worker's temporary folder"


class Spool:
    """Bytes to be read once all are written; its file has no name, so no crash leaves one."""

    def __init__(self) -> None:
        self.size = 0  #: How many bytes were written.
        # Closed by `close`, not by a block: it lives from the first image to the last byte.
        self._file = SpooledTemporaryFile(max_size=_SMALL_BYTES)  # noqa: SIM115

    def write(self, content: bytes) -> None:
        """Add *content*; raise StorageError when the disk takes no more."""
        with failing_as("write to", TEMPORARY):
            self._file.write(content)
        self.size += len(content)

    def pieces(self) -> Iterator[bytes]:
        """Yield what was written."""
        file = self.rewound()
        while piece := file.read(PIECE_BYTES):
            yield piece

    def rewound(self) -> IO[bytes]:
        """Return the file, to be read from its beginning."""
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        """Forget all of it."""
        self._file.close()
