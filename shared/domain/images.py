"""What an image is, and the words for its state."""

from enum import StrEnum


class ImageStatus(StrEnum):
    """The state of an image, as the gallery shows it."""

    UPLOADED = "uploaded"  #: Stored; nobody asked to segment it.
    QUEUED = "queued"  #: A run waits for a worker.
    PROCESSING = "processing"  #: A worker is at it.
    SEGMENTED = "segmented"  #: The current result has objects.
    NO_OBJECTS = "no_objects"  #: The current result is empty, which is a result.
    FAILED = "failed"  #: No result, and the last run failed.


ACTIVE_STATUSES = frozenset({ImageStatus.QUEUED, ImageStatus.PROCESSING})


class RejectionCode(StrEnum):
    """Why a file was not accepted."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    TOO_MANY_PIXELS = "too_many_pixels"
    UNSUPPORTED_FORMAT = "unsupported_format"  #: Its content is no image that we read.
    UNREADABLE_IMAGE = "unreadable_image"  #: It begins as an image and breaks.
    UNSAFE_NAME = "unsafe_name"
    ARCHIVE_REFUSED = "archive_refused"
