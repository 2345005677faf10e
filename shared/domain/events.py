"""Everything a browser may be told, one class an event; the wire type is the enum's value."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.domain.images import ImageStatus
from shared.domain.stats import DashboardMetrics, ProjectStats
from shared.domain.wire import Timestamp, Wire

#: Events name at most this many images; `affectedCount` has the whole number.
MAX_AFFECTED = 50

#: Version of the shape of `data`, the `sv` of a message.
SCHEMA_VERSION = 1


class EventType(StrEnum):
    """The `type` of a message; the browser's constants are held to these by a test."""

    PROJECT_STATS_UPDATE = "projectStatsUpdate"
    SHARED_PROJECT_UPDATE = "sharedProjectUpdate"
    IMAGE_STATUS_UPDATE = "imageStatusUpdate"
    PROJECT_IMAGE_COUNT_CHANGE = "projectImageCountChange"
    DASHBOARD_METRICS_UPDATE = "dashboardMetricsUpdate"


class Operation(StrEnum):
    """Why the stats of a project changed."""

    IMAGES_ADDED = "images_added"
    IMAGES_DELETED = "images_deleted"
    SEGMENTATION_QUEUED = "segmentation_queued"
    SEGMENTATION_STARTED = "segmentation_started"
    SEGMENTATION_COMPLETED = "segmentation_completed"
    SEGMENTATION_FAILED = "segmentation_failed"
    SEGMENTATION_CANCELLED = "segmentation_cancelled"
    SEGMENTATION_EDITED = "segmentation_edited"
    PROJECT_UPDATED = "project_updated"  #: What the card shows and no count tells.
    RECONCILED = "reconciled"  #: Nobody said why, or a repair.


class ChangeType(StrEnum):
    """How the number of images of a project changed."""

    UPLOAD = "upload"
    DELETE = "delete"
    BULK_DELETE = "bulk_delete"


class Event(Wire):
    """A fact for browsers; subclasses say which."""

    type: ClassVar[EventType]


class ProjectStatsUpdate(Event):
    """The owner's view of new counts; on `project:{id}`."""

    type: ClassVar[EventType] = EventType.PROJECT_STATS_UPDATE

    project_id: UUID
    user_id: UUID  #: The owner of the project.
    stats: ProjectStats
    operation: Operation
    operations: dict[Operation, int]  #: Images by operation, for updates that stand for several.
    affected_image_ids: list[UUID] = Field(default_factory=list, max_length=MAX_AFFECTED)
    affected_count: int
    truncated: bool
    op_ids: list[str] = Field(default_factory=list)
    timestamp: Timestamp

    def for_collaborator(self, user_id: UUID) -> "SharedProjectUpdate":
        """Return what *user_id*, who is not the owner, may know of it."""
        return SharedProjectUpdate(
            project_id=self.project_id,
            owner_id=self.user_id,
            shared_with_user_ids=[user_id],
            update_type=self.operation,
            stats=self.stats,
            timestamp=self.timestamp,
        )


class SharedProjectUpdate(Event):
    """A collaborator's view of new counts; on `project:{id}`."""

    type: ClassVar[EventType] = EventType.SHARED_PROJECT_UPDATE

    project_id: UUID
    owner_id: UUID
    shared_with_user_ids: list[UUID] = Field(max_length=1)  #: The receiver alone.
    update_type: Operation
    stats: ProjectStats
    timestamp: Timestamp


class ImageFailure(Wire):
    """Why the last run of an image failed."""

    code: str
    detail: str


class ImageChange(Wire):
    """One image after a change; the highest `version` wins."""

    image_id: UUID
    status: ImageStatus
    version: int
    object_count: int | None = None
    run_id: UUID | None = None
    error: ImageFailure | None = None
    thumbnail_url: str | None = None


class ImageStatusUpdate(Event):
    """Images that changed their status; on `images:{projectId}`."""

    type: ClassVar[EventType] = EventType.IMAGE_STATUS_UPDATE

    project_id: UUID
    images: list[ImageChange]


class ProjectImageCountChange(Event):
    """The number of images rose or fell; each previousCount is the newCount before it."""

    type: ClassVar[EventType] = EventType.PROJECT_IMAGE_COUNT_CHANGE

    project_id: UUID
    user_id: UUID
    previous_count: int
    new_count: int
    change_type: ChangeType
    affected_image_ids: list[UUID] = Field(default_factory=list, max_length=MAX_AFFECTED)
    affected_count: int
    timestamp: Timestamp


class DashboardMetricsUpdate(Event):
    """A user's totals changed; on `dash:{userId}`."""

    type: ClassVar[EventType] = EventType.DASHBOARD_METRICS_UPDATE

    user_id: UUID
    metrics: DashboardMetrics
    changed_fields: list[str]  #: Dotted paths of exactly the fields that changed.
    timestamp: Timestamp


EVENTS: dict[EventType, type[Event]] = {
    event.type: event
    for event in (
        ProjectStatsUpdate,
        SharedProjectUpdate,
        ImageStatusUpdate,
        ProjectImageCountChange,
        DashboardMetricsUpdate,
    )
}
