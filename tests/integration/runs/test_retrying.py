"""Failed images are queued again: one, those of one cause, or all, each as it was (Q8)."""

from uuid import UUID

import pytest

from shared.database import retrying
from shared.database.cancelling import Scope
from shared.domain.runs import FailureCode, RunStatus
from tests.integration.lab import Lab


@pytest.fixture
def project(lab: Lab) -> UUID:
    lab.engine()
    return lab.project()


def failed(lab: Lab, project: UUID, code: FailureCode, **fields: object) -> UUID:
    """Return an image whose run failed of *code*."""
    [image] = lab.images(project)
    lab.segment(project, [image], **fields)
    run = lab.claimed(lab.runs(project, "queued")[-1].id)
    while not lab.fail(run, code) or lab.run(run.id).status == RunStatus.QUEUED:
        run = lab.claimed(run.id)
    return image


def waiting(lab: Lab, project: UUID) -> dict[UUID, tuple[str, float]]:
    """Return with what each image waits to be segmented."""
    return {
        run.image_id: (run.engine, run.params["threshold"]) for run in lab.runs(project, "queued")
    }


def test_those_of_one_cause_are_retried_and_the_others_left(lab: Lab, project: UUID) -> None:
    large = failed(lab, project, FailureCode.TOO_LARGE)
    failed(lab, project, FailureCode.ENGINE_ERROR)

    batch = lab.segment(project, "failed", failure_code=FailureCode.TOO_LARGE, again=True)

    assert (batch.queued, batch.skipped) == (1, 0)
    assert set(waiting(lab, project)) == {large}


def test_a_cause_can_be_retried_with_another_engine(lab: Lab, project: UUID) -> None:
    lab.engine("other")
    large = failed(lab, project, FailureCode.TOO_LARGE)
    failed(lab, project, FailureCode.ENGINE_ERROR)

    lab.segment(project, "failed", failure_code=FailureCode.TOO_LARGE, engine="other")

    assert waiting(lab, project) == {large: ("other", 0.5)}


def test_each_is_retried_with_its_own_engine_and_parameters(lab: Lab, project: UUID) -> None:
    lab.engine("other")
    one = failed(lab, project, FailureCode.TIMEOUT, engine="noop", params={"threshold": 0.1})
    two = failed(lab, project, FailureCode.TOO_LARGE, engine="other", params={"threshold": 0.9})

    batch = lab.segment(project, "failed", again=True)

    assert (batch.queued, batch.engine) == (2, "as before")
    assert waiting(lab, project) == {one: ("noop", 0.1), two: ("other", 0.9)}


def test_one_whose_engine_is_gone_is_skipped_and_counted(lab: Lab, project: UUID) -> None:
    lab.engine("other")
    kept = failed(lab, project, FailureCode.TIMEOUT, engine="noop")
    failed(lab, project, FailureCode.TIMEOUT, engine="other")
    lab.sql("DELETE FROM engines WHERE name = 'other'")

    batch = lab.segment(project, "failed", again=True)

    assert (batch.queued, batch.skipped) == (1, 1)
    assert set(waiting(lab, project)) == {kept}
    assert lab.is_exact(project)


def test_an_image_that_had_no_run_is_not_segmented_again(lab: Lab, project: UUID) -> None:
    lab.images(project)

    batch = lab.segment(project, "all", again=True)

    assert (batch.queued, batch.skipped) == (0, 1)


def test_an_image_whose_new_run_failed_has_a_result_and_is_not_retried(
    lab: Lab, project: UUID
) -> None:
    run = lab.claimed(lab.one_run(project).id)
    lab.complete(run)
    lab.segment(project, force=True)
    lab.fail(lab.claimed(lab.runs(project, "queued")[0].id), FailureCode.TOO_LARGE)

    batch = lab.segment(project, "failed", failure_code=FailureCode.TOO_LARGE, again=True)

    assert batch.queued == 0


def test_causes_are_counted_the_most_frequent_first(lab: Lab, project: UUID) -> None:
    for code in (FailureCode.TIMEOUT, FailureCode.TOO_LARGE, FailureCode.TOO_LARGE):
        failed(lab, project, code)
    failed(lab, lab.project(), FailureCode.TIMEOUT)

    with lab.database.reading() as connection:
        found = retrying.failures(connection, project)

    assert found == [("too_large", 2), ("timeout", 1)]


@pytest.mark.parametrize(
    ("number", "asked", "priority"), [(1, None, 0), (2, None, 5), (1, "normal", 5), (1, "high", 1)]
)
def test_a_single_image_goes_first_unless_its_asker_says_otherwise(
    lab: Lab, project: UUID, number: int, asked: str | None, priority: int
) -> None:
    images = lab.images(project, number)

    lab.segment(project, images, priority=asked)

    assert {run.priority for run in lab.runs(project)} == {priority}


def test_a_cancelled_run_is_what_an_image_is_retried_with(lab: Lab, project: UUID) -> None:
    """The last run says with what, however it ended."""
    image = failed(lab, project, FailureCode.TIMEOUT, params={"threshold": 0.1})
    lab.segment(project, [image], params={"threshold": 0.9})
    lab.cancel(Scope.IMAGE, image)

    lab.segment(project, "failed", again=True)

    assert waiting(lab, project) == {image: ("noop", 0.9)}
