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
    """Turn every failure of storage into a StorageError that names action and key."""
    try:
        yield
    except FileNotFoundError as missing:
        raise MissingFileError(f"The stored file {key} is missing.") from missing
    except (BaseError, OSError) as failure:
        raise StorageError(
            f"The storage could not {action} {key}. Try again later; if it stays so, "
            "your administrator finds the cause in the log."
        ) from failure
