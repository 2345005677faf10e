"""What events say, and to whom."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from shared.domain.events import (
    EVENTS,
    MAX_AFFECTED,
    EventType,
    ImageStatusUpdate,
    Operation,
    ProjectStatsUpdate,
)
from shared.domain.stats import ProjectStats

NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)


def update(image_ids: list[UUID]) -> ProjectStatsUpdate:
    stats = ProjectStats(
        project_id=uuid4(),
        version=7,
        image_count=1,
        uploaded_count=1,
        queued_count=0,
        processing_count=0,
        pending_count=0,
        segmented_count=0,
        no_objects_count=0,
        failed_count=0,
        object_count=0,
        last_updated=NOW,
    )
    return ProjectStatsUpdate(
        project_id=stats.project_id,
        user_id=uuid4(),
        stats=stats,
        operation=Operation.IMAGES_ADDED,
        operations={Operation.IMAGES_ADDED: 1},
        affected_image_ids=image_ids,
        affected_count=len(image_ids),
        truncated=False,
        op_ids=["click-1"],
        timestamp=NOW,
    )


def test_every_type_has_its_class() -> None:
    """R2."""
    assert set(EVENTS) == set(EventType)
    assert all(event.type == kind for kind, event in EVENTS.items())


def test_a_collaborator_learns_the_counts_and_nobody_elses_name() -> None:
    """R7."""
    owners, reader = update([uuid4()]), uuid4()

    theirs = owners.for_collaborator(reader)

    assert theirs.stats == owners.stats
    assert theirs.shared_with_user_ids == [reader]
    assert theirs.update_type == owners.operation
    assert "opIds" not in theirs.to_json()


def test_it_is_written_in_camel_case_with_milliseconds() -> None:
    written = update([]).to_json()

    assert written["timestamp"] == "2026-03-01T12:30:15.123Z"
    assert written["affectedCount"] == 0
    assert "lastImageAdded" not in written["stats"]


def test_what_is_written_is_read_as_it_was() -> None:
    event = update([uuid4()]).model_copy(update={"timestamp": NOW.replace(microsecond=123000)})

    read = ProjectStatsUpdate.model_validate_json(event.model_dump_json(by_alias=True))

    assert read.affected_image_ids == event.affected_image_ids
    assert read.timestamp == event.timestamp


def test_it_names_fifty_images_at_most() -> None:
    """R11."""
    with pytest.raises(ValidationError):
        update([uuid4() for _ in range(MAX_AFFECTED + 1)])


def test_a_field_that_nobody_declared_is_refused() -> None:
    """Rule 17."""
    with pytest.raises(ValidationError):
        ImageStatusUpdate.model_validate({"projectId": uuid4(), "images": [], "more": 1})
