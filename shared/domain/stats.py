"""The counts of a project and the totals of a user."""

from typing import Self
from uuid import UUID

from pydantic import model_validator

from shared.domain.wire import Timestamp, Wire

#: `celltally stats reconcile --bump` raises versions by this after a restore.
VERSION_BUMP = 1_000_000


class ProjectStats(Wire):
    """The counts of a project, all of one moment; equal versions are equal numbers."""

    project_id: UUID
    version: int
    image_count: int
    uploaded_count: int
    queued_count: int
    processing_count: int
    pending_count: int
    segmented_count: int
    no_objects_count: int
    failed_count: int
    object_count: int
    last_updated: Timestamp
    last_image_added: Timestamp | None = None
    last_segmentation_completed: Timestamp | None = None

    @model_validator(mode="after")
    def _the_tally_adds_up(self) -> Self:
        if self.pending_count != self.queued_count + self.processing_count:
            raise ValueError("pendingCount is not queued + processing")
        settled = (
            self.uploaded_count + self.segmented_count + self.no_objects_count + self.failed_count
        )
        if self.image_count != settled + self.pending_count:
            raise ValueError("the six statuses do not add up to imageCount")
        return self


class RecentActivity(Wire):
    """What a user's projects saw lately; acts, not stock: a delete lowers none of it."""

    images_uploaded_today: int
    segmentations_completed_today: int
    projects_created_this_week: int


class SystemStats(Wire):
    """How the user's own queue stands; only `workersOnline` is shared with others."""

    queue_length: int
    processing_images: int
    avg_processing_time: int  #: Milliseconds, the mean of the succeeded runs of 24 hours.
    workers_online: int


class DashboardMetrics(Wire):
    """A user's totals over their own projects."""

    version: int
    total_projects: int
    total_images: int
    total_segmented: int
    total_objects: int
    recent_activity: RecentActivity
    system_stats: SystemStats
