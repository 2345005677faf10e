"""One event of each type with every field, and one with as few as there may be."""

from datetime import UTC, datetime
from uuid import UUID

from shared.domain.accounts import Role
from shared.domain.activities import Activity, ActivityDetails, ActivityType
from shared.domain.events import (
    AccessChange,
    ChangeType,
    DashboardMetricsUpdate,
    Event,
    EventType,
    ExportStatus,
    ExportUpdate,
    ImageChange,
    ImageFailure,
    ImageStatusUpdate,
    Notice,
    NoticeLevel,
    Operation,
    ProjectAccessChange,
    ProjectImageCountChange,
    ProjectStatsUpdate,
    UserActivityUpdate,
)
from shared.domain.images import ImageStatus
from shared.domain.runs import FailureCode
from shared.domain.stats import DashboardMetrics, ProjectStats, RecentActivity, SystemStats

NOW = datetime(2026, 3, 1, 12, 30, 15, 123000, tzinfo=UTC)
PROJECT, ADA, BOB, IMAGE, RUN = (UUID(int=n) for n in range(1, 6))


def _stats(**optional: datetime) -> ProjectStats:
    return ProjectStats(
        project_id=PROJECT,
        version=12,
        image_count=6,
        uploaded_count=1,
        queued_count=1,
        processing_count=1,
        pending_count=2,
        segmented_count=1,
        no_objects_count=1,
        failed_count=1,
        object_count=40,
        last_updated=NOW,
        **optional,
    )


_FULL = ProjectStatsUpdate(
    project_id=PROJECT,
    user_id=ADA,
    stats=_stats(last_image_added=NOW, last_segmentation_completed=NOW),
    operation=Operation.IMAGES_ADDED,
    operations={Operation.IMAGES_ADDED: 1, Operation.SEGMENTATION_COMPLETED: 1},
    affected_image_ids=[IMAGE],
    affected_count=2,
    truncated=True,
    op_ids=["click-1"],
    timestamp=NOW,
)
_BARE = ProjectStatsUpdate(
    project_id=PROJECT,
    user_id=ADA,
    stats=_stats(),
    operation=Operation.RECONCILED,
    operations={Operation.RECONCILED: 0},
    affected_count=0,
    truncated=False,
    timestamp=NOW,
)

SAMPLES: dict[EventType, tuple[Event, ...]] = {
    EventType.PROJECT_STATS_UPDATE: (_FULL, _BARE),
    EventType.SHARED_PROJECT_UPDATE: (_FULL.for_collaborator(BOB), _BARE.for_collaborator(BOB)),
    EventType.IMAGE_STATUS_UPDATE: (
        ImageStatusUpdate(
            project_id=PROJECT,
            images=[
                ImageChange(
                    image_id=IMAGE,
                    status=ImageStatus.SEGMENTED,
                    version=4,
                    object_count=40,
                    run_id=RUN,
                    error=ImageFailure(code=FailureCode.TIMEOUT, detail="It took too long."),
                    thumbnail_url="/api/v1/images/5/thumbnail",
                )
            ],
        ),
        ImageStatusUpdate(
            project_id=PROJECT,
            images=[ImageChange(image_id=IMAGE, status=ImageStatus.QUEUED, version=2)],
        ),
    ),
    EventType.PROJECT_IMAGE_COUNT_CHANGE: (
        ProjectImageCountChange(
            project_id=PROJECT,
            user_id=ADA,
            previous_count=5,
            new_count=6,
            change_type=ChangeType.UPLOAD,
            affected_image_ids=[IMAGE],
            affected_count=1,
            timestamp=NOW,
        ),
        ProjectImageCountChange(
            project_id=PROJECT,
            user_id=ADA,
            previous_count=6,
            new_count=0,
            change_type=ChangeType.BULK_DELETE,
            affected_count=6,
            timestamp=NOW,
        ),
    ),
    EventType.DASHBOARD_METRICS_UPDATE: (
        DashboardMetricsUpdate(
            user_id=ADA,
            metrics=DashboardMetrics(
                version=3,
                total_projects=1,
                total_images=6,
                total_segmented=1,
                total_objects=40,
                recent_activity=RecentActivity(
                    images_uploaded_today=6,
                    segmentations_completed_today=2,
                    projects_created_this_week=1,
                ),
                system_stats=SystemStats(
                    queue_length=1,
                    processing_images=1,
                    avg_processing_time=850,
                    workers_online=2,
                ),
            ),
            changed_fields=["totalImages", "recentActivity.imagesUploadedToday"],
            timestamp=NOW,
        ),
    ),
    EventType.USER_ACTIVITY_UPDATE: (
        UserActivityUpdate(
            user_id=ADA,
            activity=Activity(
                id=RUN,
                version=3,
                type=ActivityType.SEGMENTATION_COMPLETED,
                project_id=PROJECT,
                project_name="Plate 7",
                actor_name="Ada",
                details=ActivityDetails(count=6, failed=1, duration=5200, success=False),
                timestamp=NOW,
            ),
        ),
        UserActivityUpdate(
            user_id=ADA,
            activity=Activity(
                id=RUN,
                version=1,
                type=ActivityType.PROJECT_CREATED,
                actor_name="Ada",
                details=ActivityDetails(),
                timestamp=NOW,
            ),
        ),
    ),
    EventType.PROJECT_ACCESS_CHANGE: (
        ProjectAccessChange(
            project_id=PROJECT,
            change=AccessChange.SHARED,
            role=Role.EDITOR,
            title="Plate 7",
            timestamp=NOW,
        ),
        ProjectAccessChange(project_id=PROJECT, change=AccessChange.REVOKED, timestamp=NOW),
    ),
    EventType.EXPORT_UPDATE: (
        ExportUpdate(
            export_id=RUN,
            project_id=PROJECT,
            status=ExportStatus.FAILED,
            done=3,
            total=6,
            detail="The disk is full.",
            timestamp=NOW,
        ),
        ExportUpdate(
            export_id=RUN,
            project_id=PROJECT,
            status=ExportStatus.RUNNING,
            done=3,
            total=6,
            timestamp=NOW,
        ),
    ),
    EventType.NOTICE: (
        Notice(level=NoticeLevel.INFO, code="restored", text="Restored.", timestamp=NOW),
    ),
}
