"""The storage behind a URL."""

from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from obstore.exceptions import BaseError
from obstore.store import MemoryStore, S3Store

from shared.domain.errors import ConfigurationError
from shared.storage.local import LocalStorage
from shared.storage.store import Storage


def open_storage(url: str) -> Storage:
    """Return the storage at `file:///folder`, `s3://bucket/prefix` or `memory:///`.

    S3 takes its keys, region and endpoint from the usual AWS variables.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.netloc in {"", "localhost"} and parts.path:
        return LocalStorage(Path(url2pathname(parts.path)))
    if parts.scheme == "s3" and parts.netloc:
        return Storage(_s3(url))
    if parts.scheme == "memory":
        return Storage(MemoryStore())
    raise ConfigurationError(
        f"CELLTALLY_STORAGE_URL: {url!r} is no storage; write file:///folder or s3://bucket/prefix"
    )


def _s3(url: str) -> S3Store:
    try:
        return S3Store.from_url(url)
    except (BaseError, ValueError) as wrong:
        raise ConfigurationError(
            f"CELLTALLY_STORAGE_URL: {url!r} cannot be opened: {wrong}"
        ) from None
