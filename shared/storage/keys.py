"""Which keys a stored file may have."""

import re

from shared.storage.errors import StorageError

_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._=-]*")


def checked(key: str) -> str:
    """Return *key*: parts of letters, digits and `._=-` parted by `/`, none a dot first.

    So no key is absolute, leaves the storage or means anything to a file system.
    """
    if not all(_PART.fullmatch(part) for part in key.split("/")):
        raise StorageError(f"{key!r} is not a key of the storage.")
    return key


def checked_prefix(prefix: str) -> str:
    """Return *prefix* without its last slash; an empty one is everything."""
    folder = prefix.removesuffix("/")
    return checked(folder) if folder else ""
