"""Stored files in a local folder, on disk for good before a put returns."""

import os
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TypeVar

from obstore.store import LocalStore

from shared.storage.errors import failing_as
from shared.storage.keys import checked, checked_prefix
from shared.storage.store import Storage

T = TypeVar("T")

_TRIES = 20
_COPIED_BYTES = 1 << 20


class LocalStorage(Storage):
    """A folder; obstore reads and lists it, writing is ours.

    obstore does not wait for the disk, and a result that the database points to must
    survive a power cut.
    """

    def __init__(self, folder: Path) -> None:
        with failing_as("open", str(folder)):
            folder.mkdir(parents=True, exist_ok=True)
            super().__init__(LocalStore(folder))
        self._folder = folder

    def put(self, key: str, content: bytes) -> None:
        self._place(key, lambda draft: _write(draft, content))

    def put_file(self, key: str, path: Path) -> None:
        self._place(key, lambda draft: _link_or_copy(path, draft))

    def copy(self, key: str, new_key: str) -> None:
        # What is stored is replaced, never written to: both names may share the bytes.
        self._place(new_key, lambda draft: self._share(checked(key), draft))

    def put_stream(self, key: str, pieces: Iterable[bytes]) -> int:
        path = self._folder / checked(key)
        size = 0
        with self._draft_of(path, key) as (draft, file):
            for piece in pieces:
                with failing_as("store", key):
                    file.write(piece)
                size += len(piece)
            with failing_as("store", key):
                file.flush()
                os.fsync(file.fileno())
                draft.replace(path)
                _flush_folder(path.parent)
        return size

    def fetch(self, keys: Sequence[str], path: Path) -> None:
        if len(keys) == 1:
            with failing_as("read", keys[0]), suppress(OSError):
                path.hardlink_to(self._folder / checked(keys[0]))
                return
        with path.open("xb") as whole:
            for key in keys:
                with failing_as("read", key), (self._folder / checked(key)).open("rb") as part:
                    _append(part, whole)

    def delete_folder(self, prefix: str) -> None:
        super().delete_folder(prefix)
        with failing_as("delete", prefix):
            # What is left are drafts, which no list tells of, of processes that died.
            folder = self._folder / checked_prefix(prefix)
            shutil.rmtree(folder, ignore_errors=True)
            self._remove_empty_folders(folder.parent)

    def delete(self, keys: Iterable[str]) -> None:
        # All keys first: a listing must not meet folders that vanish under it.
        for key in [checked(key) for key in keys]:
            path = self._folder / key
            with failing_as("delete", key):
                path.unlink(missing_ok=True)
                self._remove_empty_folders(path.parent)

    def _place(self, key: str, write: Callable[[Path], None]) -> None:
        path = self._folder / checked(key)
        with failing_as("store", key):
            self._in_folder(path.parent, lambda: _write_and_rename(path, write))
            _flush_folder(path.parent)

    def _share(self, key: str, draft: Path) -> None:
        source = self._folder / key
        if not source.is_file():
            with failing_as("copy", key):
                raise FileNotFoundError(key)
        _link_or_copy(source, draft)

    @contextmanager
    def _draft_of(self, path: Path, key: str) -> Iterator[tuple[Path, IO[bytes]]]:
        """Lend a new file beside *path*; it is gone when the block fails."""
        draft = _draft_name(path)
        with failing_as("store", key):
            file = self._in_folder(draft.parent, lambda: draft.open("xb"))
        try:
            yield draft, file
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        finally:
            with suppress(OSError):  # Of a full disk: it would write once more what it could not.
                file.close()

    def _in_folder(self, folder: Path, act: Callable[[], T]) -> T:
        """Make *folder* and do *act*; again where a delete removed one, empty for a moment."""
        for tries_left in reversed(range(_TRIES)):
            try:
                self._make_folders(folder)
                return act()
            except (FileNotFoundError, FileExistsError) as gone:
                if not tries_left:
                    raise OSError(str(gone)) from gone
        raise AssertionError("unreachable: the last try returns or raises")

    def _make_folders(self, folder: Path) -> None:
        """Make *folder* and see to it that the disk knows, up to the storage's own."""
        missing = [each for each in (folder, *folder.parents) if not each.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        for each in missing:
            _flush_folder(each.parent)

    def _remove_empty_folders(self, folder: Path) -> None:
        with suppress(OSError):  # Not empty, or somebody else removed it.
            while folder != self._folder:
                folder.rmdir()
                folder = folder.parent


def _append(part: IO[bytes], whole: IO[bytes]) -> None:
    """Have the kernel copy; where it cannot between two file systems, copy ourselves."""
    left = os.fstat(part.fileno()).st_size
    try:
        while left:
            left -= os.copy_file_range(part.fileno(), whole.fileno(), left) or left
    except OSError:
        whole.seek(0, os.SEEK_END)
        shutil.copyfileobj(part, whole, _COPIED_BYTES)
        whole.flush()


def _write_and_rename(path: Path, write: Callable[[Path], None]) -> None:
    draft = _draft_name(path)
    try:
        write(draft)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _draft_name(path: Path) -> Path:
    # obstore lists no name that ends in # and digits: a draft is not yet stored.
    return path.with_name(f"{path.name}#{uuid.uuid4().int}")


def _write(draft: Path, content: bytes) -> None:
    with draft.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _link_or_copy(path: Path, draft: Path) -> None:
    try:
        draft.hardlink_to(path)
    except OSError:  # Another file system, or one without links.
        shutil.copyfile(path, draft)
    with draft.open("rb") as file:
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
