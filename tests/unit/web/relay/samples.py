"""Events and helpers that the tests of the relay share."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from shared.domain.events import (
    ImageChange,
    ImageStatusUpdate,
    Operation,
    ProjectStatsUpdate,
)
from shared.domain.images import ImageStatus
from shared.domain.stats import ProjectStats
from web.relay.frames import payload_of

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def stats_update(*, project_id: UUID, owner_id: UUID, version: int) -> ProjectStatsUpdate:
    """Return the update of a project that has as many images as its version says."""
    stats = ProjectStats(
        project_id=project_id,
        version=version,
        image_count=version,
        uploaded_count=version,
        queued_count=0,
        processing_count=0,
        pending_count=0,
        segmented_count=0,
        no_objects_count=0,
        failed_count=0,
        object_count=0,
        last_updated=NOON,
    )
    return ProjectStatsUpdate(
        project_id=project_id,
        user_id=owner_id,
        stats=stats,
        operation=Operation.IMAGES_ADDED,
        operations={Operation.IMAGES_ADDED: 1},
        affected_count=1,
        truncated=False,
        timestamp=NOON,
    )


def status_update(project_id: UUID, *, images: int = 1) -> ImageStatusUpdate:
    """Return the update of so many images."""
    changes = [
        ImageChange(image_id=uuid4(), status=ImageStatus.QUEUED, version=1) for _ in range(images)
    ]
    return ImageStatusUpdate(project_id=project_id, images=changes)


def decoded(frame: bytes) -> dict[str, Any]:
    """Return the message in one text frame of ours."""
    message: dict[str, Any] = json.loads(payload_of(frame))
    return message
