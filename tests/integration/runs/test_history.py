"""Earlier runs can be shown again and run again (Q5, E6)."""

from collections.abc import Callable
from uuid import UUID

import pytest

from shared.database.workers import RegisteredEngine, register_engine
from shared.domain.errors import ConflictError, NotFoundError
from shared.domain.images import ImageStatus
from shared.domain.runs import FailureCode
from tests.integration.lab import Lab
from tests.integration.tally.audit import offences


@pytest.fixture
def project(lab: Lab) -> UUID:
    lab.engine()
    return lab.project()


@pytest.fixture
def segmented(lab: Lab, project: UUID) -> Callable[..., list[UUID]]:
    """Return a function that segments one image once for each count; it returns the runs."""

    def segment(*counts: int) -> list[UUID]:
        [image] = lab.images(project)
        for place, objects in enumerate(counts):
            lab.segment(project, [image], force=True, params={"threshold": place / 10})
            lab.complete(
                lab.claimed(lab.runs(project, "queued")[0].id), objects, ms=100 * (place + 1)
            )
        return [run.id for run in lab.runs(project)]

    return segment


@pytest.mark.parametrize(
    ("counts", "status"), [((4, 0), ImageStatus.SEGMENTED), ((0, 4), ImageStatus.NO_OBJECTS)]
)
def test_an_earlier_result_is_shown_again(
    lab: Lab, project: UUID, segmented: Callable, counts: tuple[int, int], status: ImageStatus
) -> None:
    first, _ = segmented(*counts)
    run = lab.run(first)
    lab.sql("DELETE FROM outbox")

    lab.choose(run.image_id, first)

    image = lab.image(run.image_id)
    assert (image.current_run_id, image.status, image.object_count) == (first, status, counts[0])
    assert (image.segmented_at, image.run_ms) == (run.finished_at, run.duration_ms)
    assert lab.stats(project).object_count == counts[0]
    assert lab.is_exact(project)
    [row] = lab.sql("SELECT data FROM outbox")
    assert row.data["images"][0]["runId"] == str(first)
    assert lab.recounts_asked() == {project}
    with lab.database.reading() as connection:
        assert offences(connection) == {}


def test_to_show_an_earlier_result_is_no_completion(
    lab: Lab, project: UUID, segmented: Callable
) -> None:
    """Rule 9: "segmented today" counts acts, and nothing was segmented."""
    first, _ = segmented(4, 2)
    before = lab.stats(project)

    lab.choose(lab.run(first).image_id, first)

    delta = lab.deltas(project)[-1]
    assert (delta.objects, delta.completions, delta.run_ms) == (2, 0, 0)
    after = lab.stats(project)
    assert after.last_segmentation_completed == before.last_segmentation_completed


def test_the_result_that_is_shown_can_be_chosen_again(
    lab: Lab, project: UUID, segmented: Callable
) -> None:
    [only] = segmented(4)

    lab.choose(lab.run(only).image_id, only)

    assert lab.is_exact(project)
    assert lab.image(lab.run(only).image_id).current_run_id == only


def test_while_a_run_is_active_no_result_is_chosen(
    lab: Lab, project: UUID, segmented: Callable
) -> None:
    first, second = segmented(4, 2)
    image = lab.run(first).image_id
    lab.segment(project, [image], force=True)

    with pytest.raises(ConflictError, match="being segmented"):
        lab.choose(image, first)

    assert lab.image(image).current_run_id == second


def test_only_a_result_of_the_image_can_be_chosen(
    lab: Lab, project: UUID, segmented: Callable
) -> None:
    [one] = segmented(4)
    [image] = lab.images(project)
    lab.segment(project, [image])
    failed = lab.claimed(lab.runs(project, "queued")[0].id)
    lab.fail(failed, FailureCode.TOO_LARGE)

    with pytest.raises(NotFoundError):
        lab.choose(image, one)
    with pytest.raises(ConflictError, match="no result"):
        lab.choose(image, failed.id)

    assert lab.image(image).status == ImageStatus.FAILED


def test_a_commit_and_a_choice_meet_and_the_new_result_stays(
    lab: Lab, project: UUID, segmented: Callable
) -> None:
    """Rule 18: whoever asks while the image is worked at is refused."""
    first, _ = segmented(4, 2)
    image = lab.run(first).image_id
    lab.segment(project, [image], force=True)
    run = lab.claimed(lab.runs(project, "queued")[0].id)

    def choose() -> None:
        with pytest.raises(ConflictError):
            lab.choose(image, first)

    assert lab.complete(run, 7, before_commit=choose)

    assert lab.image(image).object_count == 7
    assert lab.is_exact(project)


def test_a_run_is_repeated_exactly(lab: Lab, project: UUID, segmented: Callable) -> None:
    first, _ = segmented(4, 2)
    guest = lab.user("Guest")

    batch = lab.repeat(first, guest)

    again, run = lab.runs(project, "queued")[0], lab.run(first)
    same = ("image_id", "engine", "engine_version", "params", "queue", "hard_seconds")
    assert [getattr(again, name) for name in same] == [getattr(run, name) for name in same]
    assert (again.user_id, again.batch_id, again.priority) == (guest, batch.id, 0)
    assert lab.progress(batch.id)["queued"] == 1


def test_a_run_of_another_version_of_its_engine_is_not_repeated(
    lab: Lab, project: UUID, segmented: Callable
) -> None:
    [only] = segmented(4)
    newer = lab.engine().model_copy(update={"version": "2"})
    engine = RegisteredEngine("noop", newer, available=True, reason=None)
    lab.database.transact(lambda tx: register_engine(tx.connection, engine))

    with pytest.raises(ConflictError, match="noop 1 is not installed any more"):
        lab.repeat(only)

    assert lab.runs(project, "queued") == []
    assert len(lab.sql("SELECT id FROM batches")) == 1


def test_an_image_that_is_worked_at_is_not_queued_twice(
    lab: Lab, project: UUID, segmented: Callable
) -> None:
    """Q1."""
    [only] = segmented(4)
    lab.repeat(only)

    with pytest.raises(ConflictError, match="being segmented"):
        lab.repeat(only)

    assert len(lab.runs(project, "queued")) == 1


def test_a_run_is_not_repeated_while_its_engine_is_unavailable(
    lab: Lab, project: UUID, segmented: Callable
) -> None:
    [only] = segmented(4)
    engine = RegisteredEngine("noop", lab.engine(), available=False, reason="no weights")
    lab.database.transact(lambda tx: register_engine(tx.connection, engine))

    with pytest.raises(ConflictError, match=r"noop 1 is not available \(no weights\)"):
        lab.repeat(only)


def test_a_run_is_not_repeated_with_other_weights(
    lab: Lab, project: UUID, segmented: Callable
) -> None:
    [only] = segmented(4)
    lab.sql("UPDATE runs SET weights_sha256 = 'old' WHERE id = :id", id=only)
    lab.engine(weights_sha256="new")

    with pytest.raises(ConflictError, match="weights that noop 1 had are not installed any more"):
        lab.repeat(only)
