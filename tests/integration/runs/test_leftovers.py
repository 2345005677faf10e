"""What an attempt without a result left in storage goes, and a result never (rules.md C.26)."""

from collections.abc import Callable
from uuid import UUID

import pytest

from shared.actions.clean_storage import delete_files
from shared.actions.leases import release_all, time_out
from shared.actions.runs import claim_run
from shared.database import moves
from shared.database.cancelling import Scope
from shared.database.transaction import Transaction
from shared.domain.runs import Claimant, ClaimedRun, FailureCode
from shared.storage import Storage, open_storage
from tests.integration.lab import Lab

Loss = Callable[[Lab, ClaimedRun], object]


def expired(lab: Lab, run: ClaimedRun) -> None:
    lab.expire_leases()
    lab.reap()


LOSSES: dict[str, Loss] = {
    "its child died": lambda lab, run: lab.hand_back("w1", 1),
    "its worker was lost": expired,
    "its worker stopped": lambda lab, run: release_all(lab.database, worker="w1"),
    "its time was up": lambda lab, run: time_out(lab.database, worker="w1", runs=[run.id]),
    "it failed": lambda lab, run: lab.fail(run),
    "it is tried again": lambda lab, run: lab.fail(run, FailureCode.STORAGE_ERROR),
    "it was cancelled": lambda lab, run: lab.cancel(Scope.IMAGE, run.image_id),
    "its image was deleted": lambda lab, run: lab.delete(run.project_id, [run.image_id]),
}


@pytest.fixture
def storage() -> Storage:
    return open_storage("memory:///")


@pytest.fixture
def project(lab: Lab) -> UUID:
    return lab.project()


def folder(run: ClaimedRun) -> str:
    return f"results/{run.image_id}/{run.token}/"


def a_day_goes_by(lab: Lab) -> None:
    lab.sql("UPDATE file_deletions SET due_at = due_at - interval '1 day'")


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize("last", [False, True], ids=["attempts left", "last attempt"])
def test_the_output_of_a_lost_attempt_goes_a_day_later(
    lab: Lab, storage: Storage, project: UUID, loss: Loss, last: bool
) -> None:
    """Until then its child may still be writing."""
    run = lab.claimed(lab.one_run(project).id)
    if last:
        lab.sql("UPDATE runs SET attempt = max_attempts")
    storage.put(f"{folder(run)}labels.tif", b"labels")
    storage.put(f"results/{run.image_id}/another/labels.tif", b"labels")
    loss(lab, run)

    delete_files(lab.database, storage)
    assert len(list(storage.list("results/"))) == 2
    storage.put(f"{folder(run)}late.tif", b"late")
    a_day_goes_by(lab)
    delete_files(lab.database, storage)

    assert list(storage.list("results/")) == [f"results/{run.image_id}/another/labels.tif"]
    assert lab.sql("SELECT * FROM file_deletions") == []


def test_a_result_stays_whatever_was_lost_before_and_after_it(
    lab: Lab, storage: Storage, project: UUID
) -> None:
    lost = lab.claimed(lab.one_run(project).id)
    lab.hand_back("w1", 1)
    done = lab.claimed(lost.id)
    storage.put(f"{folder(done)}labels.tif", b"labels")
    lab.complete(done)
    lab.segment(project, force=True)
    again = lab.claimed(lab.runs(project, "queued")[0].id)
    lab.fail(again)

    left = {row.path for row in lab.sql("SELECT path FROM file_deletions")}
    a_day_goes_by(lab)
    delete_files(lab.database, storage)

    assert left == {folder(lost), folder(again)}
    assert list(storage.list("results/")) == [f"{folder(done)}labels.tif"]


def test_a_claim_leaves_nothing_to_delete(lab: Lab, project: UUID) -> None:
    lab.claimed(lab.one_run(project).id)

    assert lab.sql("SELECT * FROM file_deletions") == []


def test_of_an_attempt_that_began_meanwhile_its_own_output_goes(lab: Lab, project: UUID) -> None:
    """The reaper waits for the image while its run is given back, claimed and expired again."""
    first = lab.claimed(lab.one_run(project).id)
    lab.expire_leases()
    second: list[ClaimedRun] = []
    reaping: list = []

    def again(tx: Transaction) -> None:
        tx.rows(moves.REQUEUE_ORPHANED, {"worker": "w1", "dead": [1]})
        claimant = Claimant("w1", 2, lease_seconds=-10)
        second.extend(filter(None, [claim_run(tx, first.id, claimant=claimant)]))
        reaping.append(pool.submit(lab.reap))
        lab.until_one_waits()

    with lab.threads(1) as pool:
        lab.database.transact(again)
        assert reaping[0].result(30) == [first.id]

    left = {row.path for row in lab.sql("SELECT path FROM file_deletions")}
    assert left == {folder(first), folder(second[0])}
