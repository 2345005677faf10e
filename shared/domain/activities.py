"""What people are told of a project's history: one entry an event, grouped where many belong."""

from enum import StrEnum
from uuid import UUID

from shared.domain.wire import Timestamp, Wire


class ActivityType(StrEnum):
    """What happened."""

    PROJECT_CREATED = "project_created"
    PROJECT_RENAMED = "project_renamed"
    PROJECT_DELETED = "project_deleted"
    PROJECT_SHARED = "project_shared"
    IMAGES_UPLOADED = "images_uploaded"
    IMAGES_DELETED = "images_deleted"
    SEGMENTATION_COMPLETED = "segmentation_completed"  #: Of a batch, at least one image.
    SEGMENTATION_FAILED = "segmentation_failed"  #: Of a batch, every image so far.
    SEGMENTATION_CANCELLED = "segmentation_cancelled"
    SEGMENTATION_EDITED = "segmentation_edited"  #: Outlines of one or more images, in an hour.


class ActivityDetails(Wire):
    """How much; what does not apply is left out."""

    count: int | None = None  #: Images, or acts of somebody who did very many.
    failed: int | None = None  #: Those of a batch's images that failed.
    duration: int | None = None  #: From the request to the batch's latest outcome, in ms.
    success: bool | None = None  #: Whether no image of the batch failed so far.


class Activity(Wire):
    """One entry of the feed; one that grows keeps its id and raises its version."""

    id: UUID
    version: int
    type: ActivityType
    project_id: UUID | None = None  #: None where very many acts were put together.
    project_name: str | None = None
    actor_name: str
    details: ActivityDetails
    timestamp: Timestamp  #: When it began.
