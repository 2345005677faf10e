"""What a fold says, and that it is said once, whatever crashes (rules.md A.6 to A.9)."""

from uuid import UUID

import pytest

from shared.domain.channels import Channel, ChannelKind
from shared.domain.events import (
    MAX_AFFECTED,
    ChangeType,
    EventType,
    Operation,
    ProjectImageCountChange,
    ProjectStatsUpdate,
)
from shared.domain.runs import FailureCode
from tests.integration.interleaving import crash, held
from tests.integration.lab import Lab


@pytest.fixture
def project(lab: Lab) -> UUID:
    return lab.project()


def count_changes(lab: Lab, project: UUID) -> list[ProjectImageCountChange]:
    """Return the changes of the number of images that wait in the outbox."""
    rows = lab.sql(
        "SELECT data FROM outbox WHERE channel = :channel AND type = :type ORDER BY id",
        channel=str(Channel(ChannelKind.IMAGES, project)),
        type=EventType.PROJECT_IMAGE_COUNT_CHANGE,
    )
    return [ProjectImageCountChange.model_validate(row.data) for row in rows]


def test_a_fold_of_several_acts_names_them_all(lab: Lab, project: UUID) -> None:
    """Rule 6: `operation` is the one with most images, `operations` has every one."""
    added = lab.images(project, 3)
    lab.delete(project, added[:1])
    lab.sql("UPDATE images SET status = 'queued' WHERE id = :id", id=added[1])

    update = lab.fold(project)

    assert update is not None
    assert update.operation == Operation.IMAGES_ADDED
    assert update.operations == {
        Operation.IMAGES_ADDED: 3,
        Operation.IMAGES_DELETED: 1,
        Operation.RECONCILED: 1,
    }
    assert set(update.affected_image_ids) == set(added)
    assert (update.affected_count, update.truncated) == (3, False)


def test_a_delta_of_zeros_raises_the_version_and_says_why(lab: Lab, project: UUID) -> None:
    """Rule 6: so that a new title reaches every card."""
    lab.images(project)
    lab.fold(project)
    lab.rename(project)

    update = lab.fold(project)

    assert update is not None
    assert (update.stats.version, update.stats.image_count) == (2, 1)
    assert update.operations == {Operation.PROJECT_UPDATED: 0}
    assert (update.affected_count, update.truncated) == (0, False)


def test_an_update_names_fifty_images_and_counts_them_all(lab: Lab, project: UUID) -> None:
    lab.images(project, MAX_AFFECTED + 20)

    update = lab.fold(project)

    assert update is not None
    assert len(update.affected_image_ids) == MAX_AFFECTED
    assert (update.affected_count, update.truncated) == (MAX_AFFECTED + 20, True)


def test_the_clicks_of_all_folded_deltas_are_echoed(lab: Lab, project: UUID) -> None:
    """Rule 6 and D4: each browser finds its own click confirmed."""
    for click in ("b", "a", "b"):
        lab.rename(project, op_id=click)

    update = lab.fold(project)

    assert update is not None
    assert update.op_ids == ["a", "b"]


def test_a_crash_before_publishing_is_made_good_by_the_sweep(lab: Lab, project: UUID) -> None:
    """Rule 7: folded and committed, then the process is gone."""
    lab.images(project, 2)
    with pytest.raises(KeyboardInterrupt), held("stats.before_publish", crash):
        lab.fold(project)
    assert lab.publisher.states == []

    lab.age()
    assert lab.due_projects() == [project]
    update = lab.fold(project)

    assert update is not None
    assert update.operations == {Operation.IMAGES_ADDED: 2}
    assert [version for _, _, version in lab.publisher.states] == [1]
    lab.age()
    assert lab.due_projects() == []


def test_what_a_crash_left_unsaid_is_said_with_the_next_change(lab: Lab, project: UUID) -> None:
    """Rule 7: no click waits for its confirmation for ever."""
    lab.rename(project, op_id="lost")
    with pytest.raises(KeyboardInterrupt), held("stats.before_publish", crash):
        lab.fold(project)
    lab.images(project, 2)
    lab.rename(project, op_id="next")

    update = lab.fold(project)

    assert update is not None
    assert update.op_ids == ["lost", "next"]
    assert update.operations == {Operation.PROJECT_UPDATED: 0, Operation.IMAGES_ADDED: 2}


def test_a_crash_after_publishing_publishes_nothing_twice(lab: Lab, project: UUID) -> None:
    """Rule 7: the channel refuses a version that it has."""
    lab.images(project)
    with pytest.raises(KeyboardInterrupt), held("stats.before_published", crash):
        lab.fold(project)

    lab.fold(project)

    assert len(lab.publisher.states) == 1
    assert lab.value("SELECT published_version FROM project_stats") == 1


def test_announcements_that_overtake_each_other_end_on_the_newest(lab: Lab, project: UUID) -> None:
    """Rules 2 and 7: the older version comes too late and is refused."""
    lab.images(project)

    def newer() -> None:
        lab.images(project)
        lab.fold(project)

    with held("stats.before_publish", newer):
        lab.fold(project)

    [(_, event, version)] = lab.publisher.states
    assert isinstance(event, ProjectStatsUpdate)
    assert (version, event.stats.image_count) == (2, 2)
    assert event.operations == {Operation.IMAGES_ADDED: 2}
    assert lab.value("SELECT published_version FROM project_stats") == 2


def test_a_delta_that_nobody_folds_becomes_due(lab: Lab, project: UUID) -> None:
    """Rule 7: the message that asked for the recompute was lost."""
    lab.images(project)
    lab.age()

    assert lab.due_projects() == [project]
    lab.fold(project)
    assert lab.due_projects() == []


def test_uploads_come_before_deletes_and_each_count_follows_from_the_last(
    lab: Lab, project: UUID
) -> None:
    """Rule 8."""
    old = lab.images(project, 2)
    lab.fold(project)
    new = lab.images(project, 3)
    lab.delete(project, [*old, new[0]])

    lab.fold(project)

    first, up, down = count_changes(lab, project)
    told = [
        (c.change_type, c.previous_count, c.new_count, c.affected_count) for c in (first, up, down)
    ]
    assert told == [
        (ChangeType.UPLOAD, 0, 2, 2),
        (ChangeType.UPLOAD, 2, 5, 3),
        (ChangeType.BULK_DELETE, 5, 2, 3),
    ]
    assert set(up.affected_image_ids) == set(new)
    assert set(down.affected_image_ids) == {*old, new[0]}


def test_one_deleted_image_is_no_bulk(lab: Lab, project: UUID) -> None:
    """Rule 8."""
    lab.delete(project, lab.images(project)[:1])

    lab.fold(project)

    assert [c.change_type for c in count_changes(lab, project)] == [
        ChangeType.UPLOAD,
        ChangeType.DELETE,
    ]


def test_the_latest_acts_never_go_back(lab: Lab, project: UUID) -> None:
    """Rule 9: deleting the newest image does not make an older one the last added."""
    run = lab.claimed(lab.one_run(project).id)
    lab.complete(run)
    before = lab.stats(project)

    lab.delete(project, [run.image_id])
    lab.fold(project)

    after = lab.stats(project)
    assert after.image_count == 0
    assert after.last_image_added == before.last_image_added is not None
    assert after.last_segmentation_completed == before.last_segmentation_completed is not None


def test_acts_are_summed_by_minute_and_not_lowered_by_deletes(lab: Lab, project: UUID) -> None:
    """Rule 9: today counts acts, not stock; a duplicate is no act."""
    lab.upload(project, ["a", "b"])
    lab.upload(project, ["b"])
    run = lab.claimed(lab.one_run(project).id)
    lab.complete(run, ms=250)
    lab.fold(project)
    lab.delete(project, [run.image_id])
    lab.upload(project, ["c"])
    lab.fold(project)

    [bucket] = lab.sql(
        "SELECT sum(uploads) AS uploads, sum(completions) AS completions, sum(run_ms) AS run_ms,"
        " bool_and(date_trunc('minute', starts_at) = starts_at) AS on_the_minute"
        " FROM activity_buckets"
    )
    assert (bucket.uploads, bucket.completions, bucket.run_ms) == (4, 1, 250)
    assert bucket.on_the_minute


def test_a_failed_run_asks_for_the_recount_like_any_other(lab: Lab, project: UUID) -> None:
    """Stats follow every outcome, good or bad."""
    run = lab.claimed(lab.one_run(project).id)
    lab.recounts_asked()

    lab.fail(run, FailureCode.ENGINE_ERROR)

    assert lab.recounts_asked() == {project}
    update = lab.fold(project)
    assert update is not None
    assert update.stats.failed_count == 1
    assert Operation.SEGMENTATION_FAILED in update.operations


def test_the_clock_of_whoever_asks_is_in_no_answer(lab: Lab, project: UUID) -> None:
    """S7: a recount that finds nothing new tells no new moment."""
    lab.images(project)
    before = lab.stats(project)

    lab.fold(project)
    lab.fold(project)

    after = lab.stats(project)
    assert after.last_updated == before.last_updated
    assert after.last_image_added == before.last_image_added
