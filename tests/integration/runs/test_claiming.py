"""A run is claimed once, and only its claim may write its outcome (rules.md C.25, Q3)."""

from uuid import UUID, uuid4

import pytest

from shared.domain.events import Operation
from shared.domain.images import ImageStatus
from shared.domain.runs import BACKOFF_SECONDS, MAX_ATTEMPTS, RETRIED, FailureCode, RunStatus
from tests.integration.lab import Lab


@pytest.fixture
def project(lab: Lab) -> UUID:
    return lab.project()


def test_a_claim_takes_the_run_and_its_image(lab: Lab, project: UUID) -> None:
    run = lab.one_run(project)

    claimed = lab.claimed(run.id, worker="w1", pid=7, lease=45)

    row = lab.run(run.id)
    assert (row.status, row.worker, row.pid, row.attempt) == (RunStatus.RUNNING, "w1", 7, 1)
    assert row.token == claimed.token
    assert lab.image(run.image_id).status == ImageStatus.PROCESSING
    assert lab.deltas(project)[-1].operation == Operation.SEGMENTATION_STARTED


def test_a_run_delivered_twice_is_claimed_once(lab: Lab, project: UUID) -> None:
    run = lab.one_run(project)
    first = lab.claim(run.id)

    assert first is not None
    assert lab.claim(run.id, worker="w2") is None
    lab.complete(first)
    assert lab.claim(run.id, worker="w2") is None
    assert lab.stats(project).segmented_count == 1


def test_of_two_claims_at_the_same_moment_one_wins(lab: Lab, project: UUID) -> None:
    """Rule 25: the second waits for the image and then finds the run running."""
    run = lab.one_run(project)
    late: list = []

    def claim_too() -> None:
        late.append(pool.submit(lab.claim, run.id, worker="late"))
        lab.until_one_waits()

    with lab.threads(1) as pool:
        assert lab.claim(run.id, before_commit=claim_too) is not None
        assert late[0].result(30) is None

    row = lab.run(run.id)
    assert (row.worker, row.attempt) == ("w1", 1)


def test_a_claim_that_is_rolled_back_leaves_the_run_to_others(lab: Lab, project: UUID) -> None:
    run = lab.one_run(project)

    def crash() -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        lab.claim(run.id, before_commit=crash)

    assert lab.claimed(run.id).attempt == 1


def test_an_unknown_run_is_not_claimed(lab: Lab) -> None:
    assert lab.claim(uuid4()) is None


def test_an_outcome_is_written_once(lab: Lab, project: UUID) -> None:
    run = lab.claimed(lab.one_run(project).id)

    assert lab.complete(run, objects=2)
    before = lab.stats(project)

    assert not lab.complete(run, objects=9)
    assert not lab.fail(run)
    assert lab.stats(project) == before


def test_the_outcome_of_an_earlier_claim_changes_nothing(lab: Lab, project: UUID) -> None:
    """Q3: it was taken for dead, and comes back while another is at the image."""
    slow = lab.claimed(lab.one_run(project).id, pid=1)
    lab.hand_back("w1", 1)
    quick = lab.claimed(slow.id, worker="w2")

    assert not lab.complete(slow, objects=9)
    assert not lab.fail(slow)
    assert lab.run(slow.id).status == RunStatus.RUNNING
    assert lab.complete(quick, objects=2)

    assert lab.image(slow.image_id).object_count == 2
    assert lab.run(slow.id).attempt == 2


def test_a_late_outcome_and_the_reaper_meet_and_one_wins(lab: Lab, project: UUID) -> None:
    """Rule 18: both lock the image first; the second finds the run changed."""
    run = lab.claimed(lab.one_run(project).id)
    lab.expire_leases()
    reaping: list = []

    def reap() -> None:
        reaping.append(pool.submit(lab.reap))
        lab.until_one_waits()

    with lab.threads(1) as pool:
        assert lab.complete(run, before_commit=reap)
        assert reaping[0].result(30) == []

    assert lab.image(run.image_id).status == ImageStatus.SEGMENTED


def test_an_image_deleted_at_work_fences_its_run(lab: Lab, project: UUID) -> None:
    """Rule 26."""
    run = lab.claimed(lab.one_run(project).id)
    lab.delete(project, [run.image_id])

    assert not lab.complete(run)
    assert not lab.fail(run)
    assert lab.stats(project).image_count == 0
    assert lab.is_exact(project)


def test_a_delete_and_an_outcome_meet_and_one_wins(lab: Lab, project: UUID) -> None:
    """Rules 18 and 26: the delete waits for the outcome and takes its result along."""
    run = lab.claimed(lab.one_run(project).id)
    deleting: list = []

    def delete() -> None:
        deleting.append(pool.submit(lab.delete, project, [run.image_id]))
        lab.until_one_waits()

    with lab.threads(1) as pool:
        assert lab.complete(run, before_commit=delete)
        assert deleting[0].result(30) == 1

    assert lab.stats(project).image_count == 0
    assert lab.is_exact(project)
    [doomed] = lab.sql("SELECT path FROM file_deletions WHERE path LIKE 'results/%'")
    assert str(run.token) in doomed.path


@pytest.mark.parametrize(("objects", "status"), [(3, "segmented"), (0, "no_objects")])
def test_a_result_becomes_the_current_one(
    lab: Lab, project: UUID, objects: int, status: str
) -> None:
    """Q6: an empty result is a result."""
    run = lab.claimed(lab.one_run(project).id)

    lab.complete(run, objects, ms=120)

    image = lab.image(run.image_id)
    assert (image.status, image.object_count, image.run_ms) == (status, objects, 120)
    assert image.current_run_id == run.id
    assert image.segmented_at == lab.run(run.id).finished_at


@pytest.mark.parametrize("code", sorted(set(FailureCode) - RETRIED))
def test_a_cause_that_stays_fails_the_run_at_once(
    lab: Lab, project: UUID, code: FailureCode
) -> None:
    run = lab.claimed(lab.one_run(project).id)

    lab.fail(run, code)

    image = lab.image(run.image_id)
    assert (lab.run(run.id).failure_code, image.last_error_code) == (code, code)
    assert image.status == ImageStatus.FAILED
    assert image.last_error_detail


@pytest.mark.parametrize("code", sorted(RETRIED))
def test_a_cause_that_may_pass_is_tried_again_with_a_growing_wait_up_to_the_cap(
    lab: Lab, project: UUID, code: FailureCode
) -> None:
    """Q8."""
    run_id = lab.one_run(project).id
    waits = []

    for _ in range(MAX_ATTEMPTS - 1):
        lab.fail(lab.claimed(run_id), code)
        row = lab.run(run_id)
        assert row.status == RunStatus.QUEUED
        assert row.dispatched_at is None
        waits.append(lab.value("SELECT round(extract(epoch FROM not_before - now())) FROM runs"))
    lab.fail(lab.claimed(run_id), code)

    assert waits == list(BACKOFF_SECONDS)
    row = lab.run(run_id)
    assert (row.status, row.failure_code, row.attempt) == (RunStatus.FAILED, code, MAX_ATTEMPTS)
    assert lab.claim(run_id) is None
    assert lab.stats(project).failed_count == 1


def test_a_failed_new_run_leaves_the_old_result_and_says_why(lab: Lab, project: UUID) -> None:
    """Rule 19 and Q5."""
    done = lab.claimed(lab.one_run(project).id)
    lab.complete(done, objects=4)
    lab.segment(project, force=True)
    again = lab.claimed(lab.runs(project, "queued")[0].id)

    lab.fail(again, FailureCode.ENGINE_ERROR)

    image = lab.image(done.image_id)
    assert (image.status, image.object_count) == (ImageStatus.SEGMENTED, 4)
    assert image.current_run_id == done.id
    assert image.last_error_code == FailureCode.ENGINE_ERROR
    stats = lab.stats(project)
    assert (stats.segmented_count, stats.failed_count, stats.object_count) == (1, 0, 4)


def test_a_failed_new_run_of_an_empty_result_returns_to_no_objects(lab: Lab, project: UUID) -> None:
    """Rule 19."""
    done = lab.claimed(lab.one_run(project).id)
    lab.complete(done, objects=0)
    lab.segment(project, force=True)

    lab.fail(lab.claimed(lab.runs(project, "queued")[0].id))

    assert lab.image(done.image_id).status == ImageStatus.NO_OBJECTS


def test_earlier_runs_stay_in_the_history(lab: Lab, project: UUID) -> None:
    """Q5."""
    for threshold, objects in ((0.1, 2), (0.2, 5)):
        if not lab.runs(project):
            lab.engine()
            lab.images(project)
        lab.segment(project, params={"threshold": threshold})
        lab.complete(lab.claimed(lab.runs(project, "queued")[0].id), objects)

    history = [(run.params["threshold"], run.object_count) for run in lab.runs(project)]
    assert history == [(0.1, 2), (0.2, 5)]
    assert all(run.result_path for run in lab.runs(project))
