"""What goes wrong with stored files."""

from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import BaseError

from shared.domain.errors import CelltallyError


class StorageError(CelltallyError):
    """The storage did not do what was asked; its cause says why."""

    code = "storage_error"
    status = 503


class MissingFileError(StorageError):
    """Nothing is stored under this key."""

    status = 404


@contextmanager
def failing_as(action: str, key: str) -> Iterator[None]:
    """Turn every failure of storage into a StorageError that people can act on.

    They read the file's name only; the log shows the whole key beside the cause.
    """
    name = key if key.startswith("/") else key.rpartition("/")[2]
    try:
        yield
    except FileNotFoundError as missing:
        problem: StorageError = MissingFileError(
            f"The stored file {name} is missing. Try again later; if it stays so, delete the "
            "image and upload it again."
        )
        problem.add_note(f"key: {key}")
        raise problem from missing
    except (BaseError, OSError) as failure:
        problem = StorageError(
            f"The storage could not {action} {name}. Try again later; if it stays so, "
            "your administrator finds the cause in the log."
        )
        problem.add_note(f"key: {key}")
        raise problem from failure
