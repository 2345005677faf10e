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


#: A pixel that is said to be smaller or larger, in µm, is a mistake of units: no microscope
#: resolves an atom's tenth, and TIFF cannot write such a resolution.
SMALLEST_PIXEL_UM, LARGEST_PIXEL_UM = 1e-5, 1e4

ACTIVE_STATUSES = frozenset({ImageStatus.QUEUED, ImageStatus.PROCESSING})

#: Where an image may be when nothing is at it.
SETTLED_STATUSES = frozenset(ImageStatus) - ACTIVE_STATUSES

#: Where it is when it has a result and nothing is at it.
RESULT_STATUSES = frozenset({ImageStatus.SEGMENTED, ImageStatus.NO_OBJECTS})

#: Every legal move; the database refuses any other.
TRANSITIONS = MappingProxyType(
    {
        # Somebody draws its objects.
        ImageStatus.UPLOADED: frozenset({ImageStatus.QUEUED}) | RESULT_STATUSES,
        # Cancelled, it returns to what it was.
        ImageStatus.QUEUED: frozenset({ImageStatus.PROCESSING}) | SETTLED_STATUSES,
        ImageStatus.PROCESSING: frozenset({ImageStatus.QUEUED}) | SETTLED_STATUSES,
        # Another of its results is shown.
        ImageStatus.SEGMENTED: frozenset({ImageStatus.QUEUED, ImageStatus.NO_OBJECTS}),
        ImageStatus.NO_OBJECTS: frozenset({ImageStatus.QUEUED, ImageStatus.SEGMENTED}),
        ImageStatus.FAILED: frozenset({ImageStatus.QUEUED}) | RESULT_STATUSES,
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
