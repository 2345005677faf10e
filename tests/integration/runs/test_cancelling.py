"""Cancelled runs end at once, their images return to what they were (rules.md 19 and 21, Q4)."""

from uuid import UUID, uuid4

import pytest

from shared.database.cancelling import Scope
from shared.domain.events import Operation
from shared.domain.images import ImageStatus
from shared.domain.runs import FailureCode, RunStatus
from tests.integration.interleaving import held
from tests.integration.lab import Lab


@pytest.fixture
def project(lab: Lab) -> UUID:
    lab.engine()
    return lab.project()


def counts(lab: Lab, scope: Scope, scope_id: UUID) -> tuple[int, int]:
    done = lab.cancel(scope, scope_id)
    return done.waiting, done.running


def statuses(lab: Lab, project: UUID) -> list[str]:
    return [run.status for run in lab.runs(project)]


def test_what_waits_and_what_runs_is_cancelled_for_good(lab: Lab, project: UUID) -> None:
    lab.images(project, 3)
    lab.segment(project)
    working = lab.claimed(lab.runs(project)[1].id)
    lab.recounts_asked()

    assert counts(lab, Scope.PROJECT, project) == (2, 1)

    assert statuses(lab, project) == [RunStatus.CANCELLED] * 3
    run = lab.run(working.id)
    assert (run.token, run.lease_until) == (None, None)
    assert run.finished_at is not None
    assert lab.stats(project).uploaded_count == 3
    assert lab.is_exact(project)
    assert lab.recounts_asked() == {project}
    delta = lab.deltas(project)[-1]
    assert (delta.operation, delta.affected) == (Operation.SEGMENTATION_CANCELLED, 3)


def test_the_tiles_are_told(lab: Lab, project: UUID) -> None:
    [image] = lab.images(project)
    lab.segment(project)
    lab.sql("DELETE FROM outbox")

    lab.cancel(Scope.PROJECT, project)

    [row] = lab.sql("SELECT channel, data FROM outbox WHERE type = 'imageStatusUpdate'")
    assert row.channel == f"images:{project}"
    [told] = row.data["images"]
    now = lab.image(image)
    assert (told["status"], told["version"]) == (now.status, now.status_version)


def test_cancelling_nothing_changes_nothing(lab: Lab, project: UUID) -> None:
    done = lab.claimed(lab.one_run(project).id)
    lab.complete(done)
    before = lab.deltas(project), lab.image(done.image_id)

    for scope, scope_id in [
        (Scope.PROJECT, project),
        (Scope.IMAGE, done.image_id),
        (Scope.BATCH, uuid4()),
        (Scope.USER, uuid4()),
    ]:
        assert counts(lab, scope, scope_id) == (0, 0)

    assert (lab.deltas(project), lab.image(done.image_id)) == before


def test_each_scope_leaves_the_others_alone(lab: Lab, project: UUID) -> None:
    owner = lab.value("SELECT owner_id FROM projects WHERE id = :id", id=project)
    other, guest = lab.project(owner), lab.user("Guest")
    one, two, three, four = lab.images(project, 4)
    lab.segment(project, [one])
    batch = lab.segment(project, [two])
    lab.segment(project, [three])
    lab.segment(project, [four], user_id=guest)
    lab.images(other)
    lab.segment(other)

    assert counts(lab, Scope.IMAGE, one) == (1, 0)
    assert counts(lab, Scope.BATCH, batch.id) == (1, 0)
    assert counts(lab, Scope.USER, guest) == (1, 0)
    assert counts(lab, Scope.USER, owner) == (2, 0)
    assert lab.stats(project).uploaded_count == 4
    assert lab.stats(other).uploaded_count == 1


@pytest.mark.parametrize("claimed", [False, True], ids=["waiting", "running"])
@pytest.mark.parametrize(
    ("history", "status", "code"),
    [
        ([], ImageStatus.UPLOADED, None),
        ([3], ImageStatus.SEGMENTED, None),
        ([0], ImageStatus.NO_OBJECTS, None),
        ([FailureCode.TOO_LARGE], ImageStatus.FAILED, FailureCode.TOO_LARGE),
        ([3, FailureCode.TOO_LARGE], ImageStatus.SEGMENTED, FailureCode.TOO_LARGE),
        ([FailureCode.TOO_LARGE, 3], ImageStatus.SEGMENTED, None),
        ([FailureCode.TOO_LARGE, "cancelled"], ImageStatus.FAILED, FailureCode.TOO_LARGE),
        ([3, "cancelled"], ImageStatus.SEGMENTED, None),
        (["cancelled"], ImageStatus.UPLOADED, None),
    ],
)
def test_an_image_returns_to_what_it_was(
    lab: Lab,
    project: UUID,
    claimed: bool,
    history: list[int | FailureCode | str],
    status: ImageStatus,
    code: FailureCode | None,
) -> None:
    """Rule 19 and Q4, Q5: its result stays, and why its last run failed is told again."""
    [image] = lab.images(project)
    for past in history:
        lab.segment(project, force=True)
        run = lab.claimed(lab.runs(project, "queued")[0].id)
        if isinstance(past, FailureCode):
            lab.fail(run, past)
        elif isinstance(past, int):
            lab.complete(run, past)
        else:
            lab.cancel(Scope.IMAGE, image)
    before = lab.image(image)
    lab.segment(project, force=True)
    if claimed:
        lab.claimed(lab.runs(project, "queued")[0].id)

    lab.cancel(Scope.IMAGE, image)

    after = lab.image(image)
    assert (after.status, after.last_error_code) == (status, code)
    kept = ("status", "object_count", "current_run_id", "last_error_code", "last_error_detail")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    assert lab.is_exact(project)


def test_a_cancelled_run_is_not_claimed_and_writes_nothing(lab: Lab, project: UUID) -> None:
    """Q4: its late result and its late failure change nothing."""
    lab.images(project, 3)
    lab.segment(project)
    waiting, late, failing = lab.runs(project)
    late, failing = lab.claimed(late.id), lab.claimed(failing.id)
    lab.cancel(Scope.PROJECT, project)
    before = lab.stats(project)

    assert lab.claim(waiting.id) is None
    assert not lab.complete(late, objects=9)
    assert not lab.fail(failing)
    assert not lab.fail(failing, FailureCode.WORKER_LOST)
    assert lab.hand_back("w1", 1) == []

    assert statuses(lab, project) == [RunStatus.CANCELLED] * 3
    assert lab.stats(project) == before


def test_a_cancelled_image_can_be_segmented_again(lab: Lab, project: UUID) -> None:
    [image] = lab.images(project)
    lab.segment(project)
    lab.cancel(Scope.IMAGE, image)

    assert lab.segment(project, "unprocessed").queued == 1
    lab.complete(lab.claimed(lab.runs(project, "queued")[0].id), 2)

    assert lab.image(image).object_count == 2
    assert statuses(lab, project) == [RunStatus.CANCELLED, RunStatus.SUCCEEDED]


def test_a_claim_that_comes_first_is_cancelled_as_running(lab: Lab, project: UUID) -> None:
    """Rules 18 and 21: the cancel waits for the claim, and sees that the run runs by then."""
    run = lab.one_run(project)
    cancelling: list = []

    def cancel() -> None:
        cancelling.append(pool.submit(counts, lab, Scope.PROJECT, project))
        lab.until_one_waits()

    with lab.threads(1) as pool:
        claimed = lab.claim(run.id, before_commit=cancel)
        assert cancelling[0].result(30) == (0, 1)

    assert claimed is not None
    assert not lab.complete(claimed)
    assert lab.image(run.image_id).status == ImageStatus.UPLOADED


def test_a_cancel_that_comes_first_leaves_nothing_to_claim(lab: Lab, project: UUID) -> None:
    """Rule 21."""
    run = lab.one_run(project)
    claiming: list = []

    def claim() -> None:
        claiming.append(pool.submit(lab.claim, run.id))
        lab.until_one_waits()

    with lab.threads(1) as pool, held("cancel.before_commit", claim):
        assert counts(lab, Scope.IMAGE, run.image_id) == (1, 0)
        assert claiming[0].result(30) is None

    assert lab.run(run.id).attempt == 0
    assert lab.is_exact(project)


def test_a_commit_that_comes_first_leaves_nothing_to_cancel(lab: Lab, project: UUID) -> None:
    """Rule 21: the first compare-and-set wins."""
    run = lab.claimed(lab.one_run(project).id)
    cancelling: list = []

    def cancel() -> None:
        cancelling.append(pool.submit(counts, lab, Scope.IMAGE, run.image_id))
        lab.until_one_waits()

    with lab.threads(1) as pool:
        assert lab.complete(run, 4, before_commit=cancel)
        assert cancelling[0].result(30) == (0, 0)

    assert lab.image(run.image_id).status == ImageStatus.SEGMENTED
    assert lab.run(run.id).status == RunStatus.SUCCEEDED
    assert lab.is_exact(project)


def test_a_cancel_that_comes_first_leaves_nothing_to_commit(lab: Lab, project: UUID) -> None:
    """Rule 21."""
    run = lab.claimed(lab.one_run(project).id)
    committing: list = []

    def commit() -> None:
        committing.append(pool.submit(lab.complete, run))
        lab.until_one_waits()

    with lab.threads(1) as pool, held("cancel.before_commit", commit):
        assert counts(lab, Scope.IMAGE, run.image_id) == (0, 1)
        assert committing[0].result(30) is False

    assert lab.image(run.image_id).status == ImageStatus.UPLOADED
    assert lab.run(run.id).result_path is None
    assert lab.is_exact(project)


def test_a_delete_and_a_cancel_meet_and_both_end_well(lab: Lab, project: UUID) -> None:
    """Rules 18 and 26."""
    run = lab.claimed(lab.one_run(project).id)
    deleting: list = []

    def delete() -> None:
        deleting.append(pool.submit(lab.delete, project, [run.image_id]))
        lab.until_one_waits()

    with lab.threads(1) as pool, held("cancel.before_commit", delete):
        assert counts(lab, Scope.PROJECT, project) == (0, 1)
        assert deleting[0].result(30) == 1

    assert not lab.complete(run)
    assert lab.stats(project).image_count == 0
    assert lab.is_exact(project)


def test_ten_thousand_are_cancelled_in_one_statement(lab: Lab, project: UUID) -> None:
    lab.sql(
        "INSERT INTO images (project_id, filename, sha256, bytes, width, height, channels,"
        " bit_depth, storage_key, thumbnail_key) SELECT :project, 'a.png', n::text, 1, 1, 1, 1, 8,"
        " 'k', 't' FROM generate_series(1, 10000) AS n",
        project=project,
    )
    lab.segment(project)
    before = len(lab.deltas(project))

    assert counts(lab, Scope.PROJECT, project) == (10_000, 0)

    assert len(lab.deltas(project)) == before + 1
    assert lab.stats(project).uploaded_count == 10_000
