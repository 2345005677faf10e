"""Leases: kept by live work alone, and given back when it died (rules.md C.20)."""

from uuid import UUID, uuid4

import pytest

from shared.actions.leases import hand_back, release, release_all, renew_leases, time_out
from shared.database.leases import Holding
from shared.domain.images import ImageStatus
from shared.domain.runs import FORGIVEN_LOSSES, MAX_ATTEMPTS, FailureCode, RunStatus
from tests.integration.lab import Lab


@pytest.fixture
def project(lab: Lab) -> UUID:
    return lab.project()


def renew(lab: Lab, *holdings: Holding, worker: str = "w1") -> set[Holding]:
    return lab.database.transact(
        lambda tx: renew_leases(tx, worker=worker, holdings=holdings, lease_seconds=45)
    )


def expired(lab: Lab) -> list[UUID]:
    rows = lab.sql("SELECT id FROM runs WHERE lease_until < clock_timestamp() ORDER BY seq")
    return [row.id for row in rows]


def test_renewing_keeps_the_runs_of_these_children_only(lab: Lab, project: UUID) -> None:
    mine = lab.claimed(lab.one_run(project).id, worker="w1", pid=1)
    sibling = lab.claimed(lab.one_run(project).id, worker="w1", pid=2)
    stranger = lab.claimed(lab.one_run(project).id, worker="w2", pid=1)
    lab.expire_leases()

    held = renew(lab, Holding(1, mine.id), Holding(1, stranger.id))

    assert held == {Holding(1, mine.id)}
    assert set(expired(lab)) == {sibling.id, stranger.id}
    assert mine.id not in expired(lab)


def test_a_run_is_kept_for_the_child_that_claimed_it_alone(lab: Lab, project: UUID) -> None:
    """The same message may lie with another child, which found nothing to claim."""
    run = lab.claimed(lab.one_run(project).id, worker="w1", pid=1)
    left = lab.claimed(lab.one_run(project).id, worker="w1", pid=1)
    lab.expire_leases()

    held = renew(lab, Holding(2, run.id), Holding(1, run.id), Holding(2, left.id))

    assert held == {Holding(1, run.id)}
    assert expired(lab) == [left.id]


def test_a_child_without_a_run_keeps_nothing(lab: Lab, project: UUID) -> None:
    assert renew(lab, Holding(1, uuid4()), Holding(2, uuid4())) == set()
    assert renew(lab) == set()


def test_a_fenced_run_cannot_be_renewed(lab: Lab, project: UUID) -> None:
    run = lab.claimed(lab.one_run(project).id, pid=1)
    lab.delete(project, [run.image_id])

    assert renew(lab, Holding(1, run.id)) == set()


def test_the_runs_of_dead_children_wait_again_at_once(lab: Lab, project: UUID) -> None:
    """S3: the message is not needed for it; the scheduler is woken and dispatches."""
    dead = lab.claimed(lab.one_run(project).id, worker="w1", pid=1)
    alive = lab.claimed(lab.one_run(project).id, worker="w1", pid=2)
    lab.recounts_asked()

    assert hand_back(lab.database, worker="w1", dead=[1]) == [dead.id]

    row = lab.run(dead.id)
    assert (row.status, row.token, row.dispatched_at) == (RunStatus.QUEUED, None, None)
    assert lab.image(dead.image_id).status == ImageStatus.QUEUED
    assert lab.run(alive.id).status == RunStatus.RUNNING
    assert lab.recounts_asked() == {project}
    assert lab.is_exact(project)


def test_a_run_that_kills_every_child_fails_at_the_cap(lab: Lab, project: UUID) -> None:
    """Q8: the attempt is counted in the claim."""
    run = lab.one_run(project)

    for pid in range(MAX_ATTEMPTS):
        lab.claimed(run.id, pid=pid)
        lab.hand_back("w1", pid)

    row = lab.run(run.id)
    assert (row.status, row.failure_code) == (RunStatus.FAILED, FailureCode.WORKER_LOST)
    image = lab.image(run.image_id)
    assert (image.status, image.last_error_code) == ("failed", FailureCode.WORKER_LOST)
    assert "several times" in image.last_error_detail
    assert lab.claim(run.id) is None


def test_a_run_whose_lease_ran_out_waits_again(lab: Lab, project: UUID) -> None:
    """S3: its whole worker is lost."""
    lost = lab.claimed(lab.one_run(project).id)
    lab.expire_leases()
    lab.claimed(lab.one_run(project).id, worker="w2")

    assert lab.reap() == [lost.id]

    assert lab.run(lost.id).status == RunStatus.QUEUED
    assert lab.stats(project).processing_count == 1
    assert lab.is_exact(project)


def test_the_first_losses_of_whole_workers_are_not_held_against_the_image(
    lab: Lab, project: UUID
) -> None:
    """Q1, Q8: with machines that come and go, chance alone may take one image three times."""
    run = lab.one_run(project)

    for _ in range(MAX_ATTEMPTS + FORGIVEN_LOSSES):
        assert lab.run(run.id).status == RunStatus.QUEUED
        lab.claimed(run.id)
        lab.expire_leases()
        lab.reap()

    assert lab.run(run.id).failure_code == FailureCode.WORKER_LOST


def test_a_forgiven_loss_gives_one_attempt_more_and_no_other(lab: Lab, project: UUID) -> None:
    """Q8: an image that then kills its children is given up as early as any."""
    run = lab.one_run(project)
    lab.claimed(run.id)
    lab.expire_leases()
    lab.reap()

    for _ in range(MAX_ATTEMPTS):
        assert lab.run(run.id).status == RunStatus.QUEUED
        lab.claimed(run.id)
        lab.hand_back("w1", 1)

    assert lab.run(run.id).failure_code == FailureCode.WORKER_LOST


def test_a_lost_new_run_leaves_the_old_result(lab: Lab, project: UUID) -> None:
    """Rule 19: the image returns to what its result says."""
    done = lab.claimed(lab.one_run(project).id)
    lab.complete(done, objects=2)
    lab.segment(project, force=True)
    again = lab.runs(project, "queued")[0].id
    for _ in range(MAX_ATTEMPTS + FORGIVEN_LOSSES):
        lab.claimed(again)
        lab.expire_leases()
        lab.reap()

    image = lab.image(done.image_id)
    assert (image.status, image.current_run_id) == (ImageStatus.SEGMENTED, done.id)
    assert image.last_error_code == FailureCode.WORKER_LOST


def test_a_renewal_and_the_reaper_meet_and_the_lease_stays(lab: Lab, project: UUID) -> None:
    """Late, but not too late: the reaper checks again once it has the row."""
    run = lab.claimed(lab.one_run(project).id, pid=1)
    lab.expire_leases()
    reaping: list = []

    def renew_then_reap(tx: object) -> None:
        renew_leases(tx, worker="w1", holdings=[Holding(1, run.id)], lease_seconds=45)
        reaping.append(pool.submit(lab.reap))
        lab.until_one_waits()

    with lab.threads(1) as pool:
        lab.database.transact(renew_then_reap)
        assert reaping[0].result(30) == []

    assert lab.run(run.id).status == RunStatus.RUNNING


def test_a_run_ended_at_its_time_limit_waits_a_while(lab: Lab, project: UUID) -> None:
    """Q8: as if it had noticed the limit by itself."""
    slow = lab.claimed(lab.one_run(project).id, pid=1)
    other = lab.claimed(lab.one_run(project).id, pid=2)

    assert time_out(lab.database, worker="w1", runs=[slow.id]) == [slow.id]

    row = lab.run(slow.id)
    assert (row.status, row.token, row.attempt) == (RunStatus.QUEUED, None, 1)
    assert (row.not_before - lab.value("SELECT now()")).total_seconds() > 0
    assert lab.run(other.id).status == RunStatus.RUNNING
    assert hand_back(lab.database, worker="w1", dead=[1]) == []
    assert lab.is_exact(project)


def test_a_run_ended_at_its_time_limit_again_and_again_fails_with_that_code(
    lab: Lab, project: UUID
) -> None:
    run = lab.one_run(project)

    for _ in range(MAX_ATTEMPTS):
        lab.claimed(run.id)
        time_out(lab.database, worker="w1", runs=[run.id])

    assert lab.run(run.id).failure_code == FailureCode.TIMEOUT
    assert lab.image(run.image_id).last_error_code == FailureCode.TIMEOUT
    assert "longer than the engine allows" in lab.run(run.id).failure_detail


def test_deployments_use_up_no_attempts(lab: Lab, project: UUID) -> None:
    """Q10, rule 20: three in a row must not fail an image."""
    run = lab.one_run(project)

    for name in ("w1", "w2", "w3"):
        lab.claimed(run.id, worker=name)
        assert release_all(lab.database, worker=name) == [run.id]

    row = lab.run(run.id)
    assert (row.status, row.attempt, row.token) == (RunStatus.QUEUED, 0, None)
    assert row.dispatched_at is None
    for _ in range(MAX_ATTEMPTS):
        lab.claimed(run.id)
        lab.hand_back("w1", 1)
    assert lab.run(run.id).status == RunStatus.FAILED


def test_only_what_the_stopping_worker_broke_off_is_released(lab: Lab, project: UUID) -> None:
    """Q10."""
    broken_off, goes_on, elsewhere = (
        lab.claimed(lab.one_run(project).id, worker=worker, pid=pid)
        for worker, pid in (("w1", 1), ("w1", 2), ("w2", 1))
    )
    runs = [broken_off.id, elsewhere.id]

    assert release(lab.database, worker="w1", runs=runs) == [broken_off.id]

    assert lab.run(broken_off.id).attempt == 0
    for other in (goes_on, elsewhere):
        assert lab.run(other.id).status == RunStatus.RUNNING
    assert lab.is_exact(project)


def test_a_released_run_has_no_way_back(lab: Lab, project: UUID) -> None:
    """Rule 20: its child may still write an outcome in the last moment; only one of both counts."""
    late = lab.claimed(lab.one_run(project).id)
    release_all(lab.database, worker="w1")

    assert not lab.complete(late)
    assert not lab.fail(late)

    assert lab.image(late.image_id).status == ImageStatus.QUEUED


def test_images_that_lost_their_worker_twice_come_back_at_different_times(
    lab: Lab, project: UUID
) -> None:
    """Q8: one of them may be the killer, and would take the others along again."""
    for _ in range(6):
        lab.claimed(lab.one_run(project).id)
    lab.sql("UPDATE runs SET attempt = 1, not_before = now()")
    lab.expire_leases()
    lab.reap()
    assert lab.value("SELECT bool_and(not_before <= now()) FROM runs")

    for run in lab.runs(project):
        lab.claimed(run.id)
    lab.expire_leases()
    lab.reap()

    assert lab.value("SELECT count(DISTINCT not_before) FROM runs") == 6
    assert lab.value("SELECT max(not_before) < now() + interval '21 seconds' FROM runs")
