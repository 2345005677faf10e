"""Everything a browser may be told, one class an event; the wire type is the enum's value."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.domain.accounts import Role
from shared.domain.activities import Activity
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
    USER_ACTIVITY_UPDATE = "userActivityUpdate"
    PROJECT_ACCESS_CHANGE = "projectAccessChange"
    EXPORT_UPDATE = "exportUpdate"
    NOTICE = "notice"


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


class AccessChange(StrEnum):
    """What became of a project for the receiver."""

    CREATED = "created"
    RENAMED = "renamed"
    DELETED = "deleted"
    SHARED = "shared"  #: They are in from now on.
    ROLE_CHANGED = "role_changed"
    REVOKED = "revoked"  #: They are out, by the owner's will or their own.


class ExportStatus(StrEnum):
    """Where an export stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class NoticeLevel(StrEnum):
    """How loud a notice is."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


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


class UserActivityUpdate(Event):
    """An entry of a user's feed, new or grown; on `activity:{userId}`."""

    type: ClassVar[EventType] = EventType.USER_ACTIVITY_UPDATE

    user_id: UUID  #: The feed's owner; `activity.actorName` did it.
    activity: Activity


class ProjectAccessChange(Event):
    """A project came, went or became another for one person; on `user:{id}`."""

    type: ClassVar[EventType] = EventType.PROJECT_ACCESS_CHANGE

    project_id: UUID
    change: AccessChange
    role: Role | None = None  #: The receiver's, where they are in.
    title: str | None = None
    timestamp: Timestamp


class ExportUpdate(Event):
    """An export of the user moved on; on `user:{userId}`."""

    type: ClassVar[EventType] = EventType.EXPORT_UPDATE

    export_id: UUID
    project_id: UUID
    status: ExportStatus
    done: int
    total: int
    detail: str | None = None
    timestamp: Timestamp


class Notice(Event):
    """A sentence for the user that belongs to no project; on `user:{userId}`."""

    type: ClassVar[EventType] = EventType.NOTICE

    level: NoticeLevel
    code: str
    text: str
    timestamp: Timestamp


EVENTS: dict[EventType, type[Event]] = {
    event.type: event
    for event in (
        ProjectStatsUpdate,
        SharedProjectUpdate,
        ImageStatusUpdate,
        ProjectImageCountChange,
        DashboardMetricsUpdate,
        UserActivityUpdate,
        ProjectAccessChange,
        ExportUpdate,
        Notice,
    )
}
