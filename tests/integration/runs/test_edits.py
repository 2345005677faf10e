"""Edits and runs meet: neither is lost, and what somebody drew is never overwritten (rule 22)."""

from uuid import UUID

import pytest

from shared.database.cancelling import Scope
from shared.domain.errors import ConflictError
from shared.domain.events import Notice
from shared.domain.images import ImageStatus
from shared.domain.runs import ClaimedRun, FailureCode
from tests.integration.lab import Lab
from tests.integration.tally.audit import offences


@pytest.fixture
def project(lab: Lab) -> UUID:
    lab.engine()
    return lab.project()


@pytest.fixture
def image(lab: Lab, project: UUID) -> UUID:
    """An image with a result of three objects."""
    [image] = lab.images(project)
    lab.complete(working_on(lab, image))
    return image


def working_on(lab: Lab, image: UUID) -> ClaimedRun:
    """Have a worker be at the image."""
    lab.segment(lab.image(image).project_id, [image], force=True)
    return lab.claimed(lab.runs(lab.image(image).project_id, "queued")[-1].id)


def shown(lab: Lab, image: UUID) -> tuple[UUID, str, int]:
    row = lab.image(image)
    assert lab.is_exact(row.project_id)
    with lab.database.reading() as connection:
        assert offences(connection) == {}
    return row.current_run_id, row.status, row.object_count


def versions(lab: Lab, project: UUID) -> list[int | None]:
    return [run.version for run in lab.runs(project)]


def test_a_run_that_ends_after_an_edit_succeeds_and_is_kept_and_not_shown(
    lab: Lab, project: UUID, image: UUID
) -> None:
    run = working_on(lab, image)
    edit = lab.edit(image, 5)
    assert shown(lab, image) == (edit, ImageStatus.PROCESSING, 5)

    assert lab.complete(run, 7)

    assert shown(lab, image) == (edit, ImageStatus.SEGMENTED, 5)
    late = lab.run(run.id)
    assert (late.status, late.object_count, late.outrun_by) == ("succeeded", 7, edit)
    assert late.result_path is not None
    assert versions(lab, project) == [1, 3, 2]


def test_whoever_asked_for_that_run_is_told(lab: Lab, project: UUID, image: UUID) -> None:
    run = working_on(lab, image)
    lab.edit(image, who=lab.user("Bob"))
    lab.complete(run)
    lab.sql("DELETE FROM outbox WHERE type <> 'notice'")

    lab.recounts_asked()

    [(channel, notice, _)] = lab.publisher.events
    assert channel.id == lab.owner(project)
    assert isinstance(notice, Notice)
    assert "was edited while it was segmented" in notice.text
    assert lab.image(image).filename in notice.text


def test_a_run_without_an_edit_in_between_tells_nobody(lab: Lab, image: UUID) -> None:
    lab.edit(image)
    lab.complete(working_on(lab, image), 9)

    assert lab.image(image).object_count == 9
    assert lab.sql("SELECT FROM outbox WHERE type = 'notice'") == []


def test_an_edit_of_an_image_that_waits_is_what_its_run_begins_from(lab: Lab, image: UUID) -> None:
    """The worker had not begun: its result is the newer one."""
    lab.segment(lab.image(image).project_id, [image], force=True)
    edit = lab.edit(image)
    assert shown(lab, image)[:2] == (edit, ImageStatus.QUEUED)

    run = lab.claimed(lab.runs(lab.image(image).project_id, "queued")[-1].id)
    lab.complete(run, 4)

    assert shown(lab, image) == (run.id, ImageStatus.SEGMENTED, 4)


def test_another_attempt_does_not_make_an_edit_older(lab: Lab, image: UUID) -> None:
    """Its worker died; what counts is when the run began first."""
    run = working_on(lab, image)
    edit = lab.edit(image, 5)
    lab.hand_back("w1", 1)

    lab.complete(lab.claimed(run.id), 7)

    assert shown(lab, image) == (edit, ImageStatus.SEGMENTED, 5)


def test_what_was_drawn_during_the_first_run_stays_too(lab: Lab, project: UUID) -> None:
    [image] = lab.images(project)
    run = working_on(lab, image)
    edit = lab.edit(image, 0)

    lab.complete(run, 7)

    assert shown(lab, image) == (edit, ImageStatus.NO_OBJECTS, 0)


def test_a_run_that_fails_after_an_edit_leaves_it_and_says_why(lab: Lab, image: UUID) -> None:
    run = working_on(lab, image)
    edit = lab.edit(image, 5)

    lab.fail(run, FailureCode.TOO_LARGE)

    assert shown(lab, image) == (edit, ImageStatus.SEGMENTED, 5)
    assert lab.image(image).last_error_code == FailureCode.TOO_LARGE


@pytest.mark.parametrize("claimed", [True, False])
def test_a_cancel_after_an_edit_leaves_it(lab: Lab, image: UUID, claimed: bool) -> None:
    if claimed:
        working_on(lab, image)
    else:
        lab.segment(lab.image(image).project_id, [image], force=True)
    edit = lab.edit(image, 5)

    lab.cancel(Scope.IMAGE, image)

    assert shown(lab, image) == (edit, ImageStatus.SEGMENTED, 5)
    assert lab.image(image).last_error_code is None


def test_drawing_mends_an_image_that_failed(lab: Lab, project: UUID) -> None:
    [image] = lab.images(project)
    lab.fail(working_on(lab, image), FailureCode.ENGINE_ERROR)

    edit = lab.edit(image, 2)

    assert shown(lab, image) == (edit, ImageStatus.SEGMENTED, 2)
    assert lab.image(image).last_error_code is None


def test_an_edit_is_no_completion_also_while_a_worker_is_at_the_image(
    lab: Lab, project: UUID, image: UUID
) -> None:
    """Rule 9: "segmented today" counts what engines did."""
    before = lab.stats(project).last_segmentation_completed
    run = working_on(lab, image)
    lab.edit(image, 5)
    lab.complete(run)
    lab.edit(image, 6)

    acts = lab.value(
        "SELECT sum(completions) FROM stats_deltas WHERE operation = 'segmentation_edited'"
    )
    assert acts == 0
    assert lab.stats(project).last_segmentation_completed == before


def test_an_edit_waits_for_a_commit_on_its_way_and_is_then_late(lab: Lab, image: UUID) -> None:
    """The run's result came first: to save over it would lose it."""
    run = working_on(lab, image)
    refused = []

    def edit() -> None:
        with pytest.raises(Exception, match="A new result made version 2") as late:
            lab.edit(image, 5)
        refused.append(late.value)

    with lab.threads(1) as threads:

        def begin_to_edit() -> None:
            threads.submit(edit)
            lab.until_one_waits()

        lab.complete(run, 7, before_commit=begin_to_edit)

    assert len(refused) == 1
    assert shown(lab, image) == (run.id, ImageStatus.SEGMENTED, 7)


def test_a_commit_waits_for_an_edit_on_its_way_and_is_then_outrun(lab: Lab, image: UUID) -> None:
    run = working_on(lab, image)

    with lab.threads(1) as threads:

        def begin_to_complete() -> None:
            threads.submit(lab.complete, run, 7)
            lab.until_one_waits()

        edit = lab.edit(image, 5, before_commit=begin_to_complete)

    assert shown(lab, image) == (edit, ImageStatus.SEGMENTED, 5)
    assert lab.run(run.id).outrun_by == edit
    assert sorted(versions(lab, lab.image(image).project_id)) == [1, 2, 3]  # type: ignore[type-var]


def test_a_result_that_was_outrun_can_be_chosen(lab: Lab, image: UUID) -> None:
    run = working_on(lab, image)
    lab.edit(image, 5)
    with pytest.raises(ConflictError, match="being segmented"):
        lab.choose(image, lab.runs(lab.image(image).project_id)[0].id)
    lab.complete(run, 7)

    lab.choose(image, run.id)

    assert shown(lab, image) == (run.id, ImageStatus.SEGMENTED, 7)


def test_again_means_the_engine_of_what_was_edited(lab: Lab, project: UUID, image: UUID) -> None:
    edit = lab.run(lab.edit(image))

    lab.segment(project, [image], again=True, force=True)

    [again] = lab.runs(project, "queued")
    assert (again.engine, again.params) == (edit.engine, edit.params)
    assert not again.edited


def test_an_edit_answers_no_other_run(lab: Lab, project: UUID, image: UUID) -> None:
    """Its row names the engine and the parameters, and no recipe of theirs makes it."""
    lab.sql("UPDATE runs SET recipe = 'same', weights_sha256 = 'w'")

    edit = lab.run(lab.edit(image))

    assert (edit.recipe, edit.taken_from, edit.weights_sha256) == (None, None, "w")
    assert (edit.started_at, edit.worker, edit.duration_ms) == (None, None, 0)
