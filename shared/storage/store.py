"""Stored files by key, on whatever obstore speaks to."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import obstore
from obstore.store import ObjectStore

from shared.storage.errors import MissingFileError, StorageError, failing_as
from shared.storage.keys import checked, checked_prefix

CHUNK_BYTES = 1 << 20
_DELETED_TOGETHER = 1000

#: Of a stream; S3 takes 10,000 parts, and so many are held in memory.
_PART_BYTES = 8 << 20
_PARTS_AT_ONCE = 3


class Storage:
    """Files by key; a put is whole and durable before it returns, and replaces.

    Keys are relative POSIX paths. Every failure is a StorageError.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def put(self, key: str, content: bytes) -> None:
        """Store *content* under *key*."""
        with failing_as("store", checked(key)):
            obstore.put(self._store, key, content)

    def put_file(self, key: str, path: Path) -> None:
        """Store the file at *path* under *key*.

        It must not be written to any more (it may share its bytes with what is
        stored); removing it does no harm.
        """
        with failing_as("store", checked(key)):
            obstore.put(self._store, key, path)

    def copy(self, key: str, new_key: str) -> None:
        """Store what lies under *key* under *new_key*, too; each goes its own way from then on."""
        with failing_as("copy", checked(key)):
            obstore.copy(self._store, key, checked(new_key))

    def put_stream(self, key: str, pieces: Iterable[bytes]) -> int:
        """Store what *pieces* yield under *key*, a part at a time; return how many bytes.

        What *pieces* raise is raised as it is, and then nothing is stored. A process that dies
        meanwhile leaves parts that `delete_folder`, or a rule of the bucket, removes.
        """
        source = _Source(pieces)
        try:
            with failing_as("store", checked(key)):
                obstore.put(
                    self._store,
                    key,
                    iter(source),
                    chunk_size=_PART_BYTES,
                    max_concurrency=_PARTS_AT_ONCE,
                    use_multipart=True,
                )
        except BaseException:
            if source.problem is not None:
                raise source.problem from None
            raise
        return source.size

    def read(self, key: str) -> bytes:
        """Return all of *key*; raise MissingFileError if there is none."""
        with failing_as("read", checked(key)):
            return bytes(obstore.get(self._store, key).bytes())

    def stream(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Return the bytes from *start* up to *end* (the end of the file) in pieces.

        A missing file raises here, not at the first piece.
        """
        last = self.size(key) if end is None else end
        if start >= last:
            return iter(())
        with failing_as("read", key):
            found = obstore.get(self._store, key, options={"range": (start, last)})
            return _pieces(key, iter(found.stream(min_chunk_size=CHUNK_BYTES)))

    def fetch(self, keys: Sequence[str], path: Path) -> None:
        """Write what lies under *keys*, one after the other, to the new file *path*.

        It must not be written to afterwards: it may share its bytes with what is stored.
        """
        with path.open("xb") as whole:
            for key in keys:
                for piece in self.stream(key):
                    with failing_as("receive", key):
                        whole.write(piece)

    def size(self, key: str) -> int:
        """Return how many bytes are stored under *key*."""
        with failing_as("read", checked(key)):
            return obstore.head(self._store, key)["size"]

    def exists(self, key: str) -> bool:
        """Tell whether anything is stored under *key*."""
        try:
            self.size(key)
        except MissingFileError:
            return False
        return True

    def delete(self, keys: Iterable[str]) -> None:
        """Delete *keys*; one that is missing is as good as deleted."""
        doomed = [checked(key) for key in keys]
        for first in range(0, len(doomed), _DELETED_TOGETHER):
            some = doomed[first : first + _DELETED_TOGETHER]
            with failing_as("delete", some[0]):
                obstore.delete(self._store, some)

    def delete_folder(self, prefix: str) -> None:
        """Delete whatever is below the folder *prefix*, also what was never stored to its end."""
        if not checked_prefix(prefix):
            raise StorageError("The whole storage is no folder to delete.")
        self.delete(self.list(prefix))

    def list(self, prefix: str = "") -> Iterator[str]:
        """Return the keys below the folder *prefix*, with or without its last slash."""
        return _keys(self._store, checked_prefix(prefix))


class _Source:
    """Counts what an iterable yields, and remembers what it raised."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces
        self.size = 0
        self.problem: BaseException | None = None

    def __iter__(self) -> Iterator[bytes]:
        try:
            for piece in self._pieces:
                self.size += len(piece)
                if piece:
                    yield piece
        except BaseException as problem:
            self.problem = problem
            raise


def _keys(store: ObjectStore, folder: str) -> Iterator[str]:
    with failing_as("list", folder):
        for chunk in obstore.list(store, folder or None):
            yield from (entry["path"] for entry in chunk)


def _pieces(key: str, stream: Iterator[bytes]) -> Iterator[bytes]:
    with failing_as("read", key):
        for piece in stream:
            yield bytes(piece)
