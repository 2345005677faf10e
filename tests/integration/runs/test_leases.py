"""Leases: kept by live work alone, and given back when it died (rules.md C.20)."""

from uuid import UUID

import pytest

from shared.actions.leases import hand_back, renew_leases
from shared.domain.images import ImageStatus
from shared.domain.runs import MAX_ATTEMPTS, FailureCode, RunStatus
from tests.integration.lab import Lab


@pytest.fixture
def project(lab: Lab) -> UUID:
    return lab.project()


def renew(lab: Lab, *pids: int, worker: str = "w1") -> set[int]:
    return lab.database.transact(
        lambda tx: renew_leases(tx, worker=worker, pids=list(pids), lease_seconds=45)
    )


def expired(lab: Lab) -> list[UUID]:
    rows = lab.sql("SELECT id FROM runs WHERE lease_until < clock_timestamp() ORDER BY seq")
    return [row.id for row in rows]


def test_renewing_keeps_the_runs_of_these_children_only(lab: Lab, project: UUID) -> None:
    mine = lab.claimed(lab.one_run(project).id, worker="w1", pid=1)
    sibling = lab.claimed(lab.one_run(project).id, worker="w1", pid=2)
    stranger = lab.claimed(lab.one_run(project).id, worker="w2", pid=1)
    lab.expire_leases()

    held = renew(lab, 1)

    assert held == {1}
    assert set(expired(lab)) == {sibling.id, stranger.id}
    assert mine.id not in expired(lab)


def test_of_one_child_only_its_newest_run_is_kept(lab: Lab, project: UUID) -> None:
    """An older one was left by a namesake with the same pid, in a restarted container."""
    left = lab.claimed(lab.one_run(project).id, worker="w1", pid=1)
    lab.claimed(lab.one_run(project).id, worker="w1", pid=1)
    lab.expire_leases()

    assert renew(lab, 1) == {1}

    assert expired(lab) == [left.id]


def test_a_child_without_a_run_keeps_nothing(lab: Lab, project: UUID) -> None:
    assert renew(lab, 1, 2) == set()
    assert renew(lab) == set()


def test_a_fenced_run_cannot_be_renewed(lab: Lab, project: UUID) -> None:
    run = lab.claimed(lab.one_run(project).id, pid=1)
    lab.delete(project, [run.image_id])

    assert renew(lab, 1) == set()


def test_the_runs_of_dead_children_wait_again_at_once(lab: Lab, project: UUID) -> None:
    """S3: the message is not needed for it; the scheduler is woken and dispatches."""
    dead = lab.claimed(lab.one_run(project).id, worker="w1", pid=1)
    alive = lab.claimed(lab.one_run(project).id, worker="w1", pid=2)
    lab.queue.recomputed.clear()

    assert hand_back(lab.database, lab.queue, worker="w1", dead=[1]) == [dead.id]

    row = lab.run(dead.id)
    assert (row.status, row.token, row.dispatched_at) == (RunStatus.QUEUED, None, None)
    assert lab.image(dead.image_id).status == ImageStatus.QUEUED
    assert lab.run(alive.id).status == RunStatus.RUNNING
    assert lab.queue.recomputed == [project]
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


def test_a_lost_new_run_leaves_the_old_result(lab: Lab, project: UUID) -> None:
    """Rule 19: the image returns to what its result says."""
    done = lab.claimed(lab.one_run(project).id)
    lab.complete(done, objects=2)
    lab.segment(project, force=True)
    again = lab.runs(project, "queued")[0].id
    for _ in range(MAX_ATTEMPTS):
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
        renew_leases(tx, worker="w1", pids=[1], lease_seconds=45)
        reaping.append(pool.submit(lab.reap))
        lab.until_one_waits()

    with lab.threads(1) as pool:
        lab.database.transact(renew_then_reap)
        assert reaping[0].result(30) == []

    assert lab.run(run.id).status == RunStatus.RUNNING
