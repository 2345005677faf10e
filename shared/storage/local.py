"""Stored files in a local folder, on disk for good before a put returns."""

import os
import shutil
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from obstore.store import LocalStore

from shared.storage.errors import failing_as
from shared.storage.keys import checked
from shared.storage.store import Storage

_TRIES = 20


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
            for tries_left in reversed(range(_TRIES)):
                try:
                    self._make_folders(path.parent)
                    _write_and_rename(path, write)
                    break
                except (FileNotFoundError, FileExistsError) as gone:
                    # A delete may have removed a folder that was empty for a moment.
                    if not tries_left:
                        raise OSError(str(gone)) from gone
            _flush_folder(path.parent)

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


def _write_and_rename(path: Path, write: Callable[[Path], None]) -> None:
    # obstore lists no name that ends in # and digits: a draft is not yet stored.
    draft = path.with_name(f"{path.name}#{uuid.uuid4().int}")
    try:
        write(draft)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


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
