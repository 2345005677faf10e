"""Which images a request to segment queues, and that none gets two runs (Q1, Q5, Q6)."""

from uuid import UUID, uuid4

import pytest

from shared.domain.engines import Modality
from shared.domain.errors import InvalidInputError, NotFoundError, UnavailableError
from shared.domain.images import ImageStatus
from tests.integration.lab import Lab


@pytest.fixture
def project(lab: Lab) -> UUID:
    lab.engine()
    return lab.project()


def settled(lab: Lab, project: UUID, objects: int | None) -> UUID:
    """Return an image whose run is over: with so many objects, or failed."""
    run = lab.claimed(lab.one_run(project).id)
    assert lab.fail(run) if objects is None else lab.complete(run, objects)
    return run.image_id


def queued_images(lab: Lab, project: UUID) -> set[UUID]:
    return {run.image_id for run in lab.runs(project, "queued")}


def test_unprocessed_are_the_images_that_nobody_asked_for(lab: Lab, project: UUID) -> None:
    """Q6: an image without objects is not picked again."""
    for objects in (None, 0, 3):
        settled(lab, project, objects)
    new = lab.images(project, 2)

    batch = lab.segment(project, "unprocessed")

    assert (batch.queued, batch.skipped) == (2, 0)
    assert queued_images(lab, project) == set(new)


def test_failed_are_the_images_that_have_no_result(lab: Lab, project: UUID) -> None:
    failed = settled(lab, project, None)
    settled(lab, project, 0)
    lab.images(project)

    lab.segment(project, "failed")

    assert queued_images(lab, project) == {failed}
    assert lab.image(failed).last_error_code is None


def test_an_image_with_this_very_result_is_skipped(lab: Lab, project: UUID) -> None:
    done = settled(lab, project, 3)

    again = lab.segment(project, params={"threshold": 0.5})
    other = lab.segment(project, params={"threshold": 0.6})

    assert (again.queued, again.skipped) == (0, 1)
    assert (other.queued, other.skipped) == (1, 0)
    assert queued_images(lab, project) == {done}


def test_force_queues_it_all_the_same(lab: Lab, project: UUID) -> None:
    done = settled(lab, project, 3)

    lab.segment(project, force=True)

    assert queued_images(lab, project) == {done}


def test_an_image_that_waits_or_is_worked_at_is_skipped(lab: Lab, project: UUID) -> None:
    waiting, running = lab.images(project, 2)
    lab.segment(project)
    lab.claim(next(run.id for run in lab.runs(project) if run.image_id == running))

    batch = lab.segment(project, [waiting, running], force=True)

    assert (batch.queued, batch.skipped) == (0, 2)


def test_a_new_run_leaves_the_result_until_it_has_another(lab: Lab, project: UUID) -> None:
    """Q5: the old result stays the current one; objects are counted whatever the status."""
    done = settled(lab, project, 3)
    before = lab.image(done)

    lab.segment(project, force=True)

    after = lab.image(done)
    assert after.status == ImageStatus.QUEUED
    assert (after.current_run_id, after.object_count) == (before.current_run_id, 3)
    assert lab.stats(project).object_count == 3


def test_two_requests_at_once_make_one_run(lab: Lab, project: UUID) -> None:
    """Q1, rule 18: the second waits for the image, and finds it queued."""
    images = lab.images(project, 3)
    second: list = []

    def ask_again() -> None:
        second.append(pool.submit(lab.segment, project))
        lab.until_one_waits()

    with lab.threads(1) as pool:
        first = lab.segment(project, before_commit=ask_again)
        batch = second[0].result(30)

    assert (first.queued, batch.queued, batch.skipped) == (3, 0, 3)
    assert queued_images(lab, project) == set(images)
    assert len(lab.runs(project)) == 3


def test_the_database_itself_refuses_a_second_active_run(lab: Lab, project: UUID) -> None:
    """Q1: whatever an action would do."""
    run = lab.one_run(project)

    with pytest.raises(Exception, match="uq_runs_one_active_per_image"):
        lab.sql(
            "INSERT INTO runs (image_id, project_id, user_id, engine, engine_version, params,"
            " queue, soft_seconds, hard_seconds, max_attempts) SELECT image_id, project_id,"
            " user_id, engine, engine_version, params, queue, 1, 1, 3 FROM runs WHERE id = :id",
            id=run.id,
        )


def test_a_batch_remembers_how_far_it_is(lab: Lab, project: UUID) -> None:
    lab.images(project, 3)
    batch = lab.segment(project)
    good, bad, _ = (lab.claimed(run.id) for run in lab.runs(project))
    lab.complete(good)
    lab.fail(bad)

    row = lab.progress(batch.id)

    assert (row["queued"], row["waiting"], row["running"]) == (3, 0, 1)
    assert (row["succeeded"], row["failed"], row["cancelled"]) == (1, 1, 0)


def test_the_request_is_announced_and_the_scheduler_woken(lab: Lab, project: UUID) -> None:
    lab.images(project, 2)
    lab.recounts_asked()

    lab.segment(project)

    assert lab.recounts_asked() == {project}
    [*_, delta] = lab.deltas(project)
    assert (delta.operation, delta.queued) == ("segmentation_queued", 2)


def test_images_of_another_project_are_not_found(lab: Lab, project: UUID) -> None:
    mine = lab.images(project, 1)
    foreign = lab.images(lab.project(), 1)

    with pytest.raises(NotFoundError, match="1 of the 2 images"):
        lab.segment(project, mine + foreign)

    assert lab.runs(project) == []


def test_a_project_that_is_gone_is_not_found(lab: Lab) -> None:
    with pytest.raises(NotFoundError):
        lab.segment(uuid4(), user_id=lab.user())


def test_an_unknown_engine_is_named_with_those_there_are(lab: Lab, project: UUID) -> None:
    with pytest.raises(InvalidInputError, match=r"no engine 'magic'\. Installed: noop"):
        lab.segment(project, engine="magic")


def test_a_wrong_parameter_is_named(lab: Lab, project: UUID) -> None:
    with pytest.raises(InvalidInputError, match="threshold"):
        lab.segment(project, params={"threshold": "high"})

    assert lab.runs(project) == []


def test_without_a_name_the_engine_follows_from_the_pictures(lab: Lab, project: UUID) -> None:
    lab.engine("general", default=[Modality.ANY])
    lab.engine("nuclei", default=[Modality.NUCLEI_FLUO])
    lab.images(project)

    assert lab.segment(project).engine == "nuclei"


def test_without_any_engine_the_answer_says_what_to_start(lab: Lab) -> None:
    project = lab.project()

    with pytest.raises(UnavailableError, match="Start a worker"):
        lab.segment(project)
