"""What an image is, and the words for its state."""

from enum import StrEnum
from types import MappingProxyType


class ImageStatus(StrEnum):
    """The state of an image, as the gallery shows it."""

    UPLOADED = "uploaded"  #: Stored; nobody asked to segment it.
    QUEUED = "queued"  #: A run waits for a worker.
    PROCESSING = "processing"  #: A worker is at it.
    SEGMENTED = "segmented"  #: The current result has objects.
    NO_OBJECTS = "no_objects"  #: The current result is empty, which is a result.
    FAILED = "failed"  #: No result, and the last run failed.


ACTIVE_STATUSES = frozenset({ImageStatus.QUEUED, ImageStatus.PROCESSING})

#: Where an image may be when nothing is at it.
SETTLED_STATUSES = frozenset(ImageStatus) - ACTIVE_STATUSES

#: Every legal move; the database refuses any other.
TRANSITIONS = MappingProxyType(
    {
        ImageStatus.UPLOADED: frozenset({ImageStatus.QUEUED}),
        # Cancelled, it returns to what it was.
        ImageStatus.QUEUED: frozenset({ImageStatus.PROCESSING}) | SETTLED_STATUSES,
        ImageStatus.PROCESSING: frozenset({ImageStatus.QUEUED}) | SETTLED_STATUSES,
        # Another of its results is shown.
        ImageStatus.SEGMENTED: frozenset({ImageStatus.QUEUED, ImageStatus.NO_OBJECTS}),
        ImageStatus.NO_OBJECTS: frozenset({ImageStatus.QUEUED, ImageStatus.SEGMENTED}),
        ImageStatus.FAILED: frozenset({ImageStatus.QUEUED}),
    }
)


class RejectionCode(StrEnum):
    """Why a file was not accepted."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    TOO_MANY_PIXELS = "too_many_pixels"
    UNSUPPORTED_FORMAT = "unsupported_format"  #: Its content is no image that we read.
    UNREADABLE_IMAGE = "unreadable_image"  #: It begins as an image and breaks.
    UNSAFE_NAME = "unsafe_name"
    ARCHIVE_REFUSED = "archive_refused"
