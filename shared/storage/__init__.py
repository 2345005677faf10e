"""The bytes of images and results: a local folder, S3 or memory behind one class."""

from shared.storage.errors import MissingFileError, StorageError
from shared.storage.opening import open_storage
from shared.storage.store import Storage

__all__ = ["MissingFileError", "Storage", "StorageError", "open_storage"]
