"""A look at what an engine would find, on a part of one image; nothing of it is counted."""

from enum import StrEnum

#: The middle of the image, of at most so many pixels a side, is segmented.
SIDE = 1024

#: A preview waits no longer: whoever asked looks at the page.
WAITING_SECONDS = 45
SOFT_SECONDS = 45
HARD_SECONDS = 60

#: Then it is forgotten.
KEPT_SECONDS = 3600

MOST_OBJECTS = 5_000


class PreviewStatus(StrEnum):
    """Where a preview stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


UNANSWERED = (
    "No worker had time for it. They may all be busy, or none is online; try again in a moment."
)
TOO_LONG = "The engine took too long for a preview. It may still do as a run."
