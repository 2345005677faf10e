"""One run from its claim to its outcome, as a child of a worker carries it out."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shared.database.cancelling import Scope
from shared.domain.engines import Limits, Segmentation
from shared.domain.errors import UnavailableError
from shared.domain.images import ImageStatus
from shared.domain.runs import MAX_ATTEMPTS, FailureCode, RunStatus
from shared.results import load_labels, load_objects
from shared.storage import open_storage
from tests.images import disks, encoded
from tests.integration.interleaving import held
from tests.integration.lab import Lab
from tests.integration.runs.child import (
    Child,
    FakeEngines,
    Found,
    TimeIsUpError,
    bright,
    nothing_found,
)
from worker.engines.checked import ImageTooLargeError
from worker.engines.progress import tell
from worker.turns import NoTurnError


@pytest.fixture
def child(lab: Lab) -> Child:
    return Child(lab, open_storage("memory:///"), FakeEngines())


@pytest.fixture
def run(lab: Lab, child: Child) -> Any:
    """A queued run whose image is stored."""
    queued = lab.one_run()
    child.storage.put(lab.image(queued.image_id).storage_key, encoded(disks(2)))
    return queued


def test_a_result_is_stored_and_becomes_current(lab: Lab, child: Child, run: Any) -> None:
    assert child.carry_out(run.id)

    image, done = lab.image(run.image_id), lab.run(run.id)
    assert (image.status, image.object_count) == (ImageStatus.SEGMENTED, 2)
    assert (done.status, done.object_count, done.token) == (RunStatus.SUCCEEDED, 2, None)
    assert child.engines.asked == [("noop", {"threshold": 0.5})]
    assert len(load_objects(child.storage, done.result_path)) == 2
    assert load_labels(child.storage, done.result_path).max() == 2


def test_an_image_without_objects_has_a_result_too(lab: Lab, child: Child, run: Any) -> None:
    child.engines.find = nothing_found

    assert child.carry_out(run.id)

    assert lab.image(run.image_id).status == ImageStatus.NO_OBJECTS
    assert load_objects(child.storage, lab.run(run.id).result_path) == []


def test_a_second_delivery_does_nothing(lab: Lab, child: Child, run: Any) -> None:
    """S3."""
    child.carry_out(run.id)
    before = lab.stats(run.project_id), child.results()

    assert not child.carry_out(run.id)

    assert (lab.stats(run.project_id), child.results()) == before
    assert len(child.engines.asked) == 1


def test_a_second_delivery_in_the_middle_does_nothing(lab: Lab, child: Child, run: Any) -> None:
    second = []

    with held("segment.claimed", lambda: second.append(child.carry_out(run.id, pid=2))):
        assert child.carry_out(run.id)

    assert second == [False]
    assert len(child.engines.asked) == 1
    assert lab.run(run.id).attempt == 1


def test_each_tile_is_told_to_the_heartbeat_and_forgotten_with_the_turn(
    lab: Lab, child: Child, run: Any
) -> None:
    told = []

    def find(image: np.ndarray) -> Segmentation:
        for done in (1, 2):
            tell(done, 2)
            told.append(child.turns.progress())
        return bright(image)

    child.engines.find = find

    assert child.carry_out(run.id)
    assert told == [{os.getpid(): (1, 2)}, {os.getpid(): (2, 2)}]
    assert child.turns.progress() == {}


def test_a_run_that_is_taken_away_ends_at_the_next_tile(
    lab: Lab, child: Child, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Q4."""
    monkeypatch.setattr("worker.holding.ASK_SECONDS", 0)
    tiles = []

    def find(image: np.ndarray) -> Segmentation:
        for done in range(1, 10):
            tiles.append(done)
            if done == 3:
                lab.cancel(Scope.IMAGE, run.image_id)
            tell(done, 9)
        return bright(image)

    child.engines.find = find

    assert not child.carry_out(run.id)
    assert tiles == [1, 2, 3]
    assert lab.run(run.id).status == RunStatus.CANCELLED


class NoTurns:
    """Every place at the engine is taken for long."""

    @contextmanager
    def taken(self, _limits: Limits) -> Iterator[float]:
        raise NoTurnError
        yield

    def tell(self, _done: int, _total: int) -> None:
        raise AssertionError("nobody is in the engine")


def test_an_image_without_a_turn_waits_again_for_any_worker(
    lab: Lab, child: Child, run: Any
) -> None:
    """Q1: it uses up no attempt, and the same message is sent again."""
    child.turns = NoTurns()
    lab.worker()
    assert lab.dispatch() == [run.id]

    assert not child.carry_out(run.id)

    given_back = lab.run(run.id)
    assert (given_back.status, given_back.attempt) == (RunStatus.QUEUED, 0)
    assert lab.image(run.image_id).status == ImageStatus.QUEUED
    assert child.engines.asked == []
    assert lab.dispatch() == [run.id]
    assert lab.is_exact(run.project_id)


def failing(problem: Exception) -> Found:
    def find(image: np.ndarray) -> Segmentation:
        raise problem

    return find


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (ValueError("a bug"), FailureCode.ENGINE_ERROR),
        (ImageTooLargeError("It has too many pixels."), FailureCode.TOO_LARGE),
        (MemoryError(), FailureCode.OUT_OF_MEMORY),
        (TimeIsUpError(), FailureCode.TIMEOUT),
        (UnavailableError("no weights"), FailureCode.ENGINE_UNAVAILABLE),
    ],
    ids=lambda value: getattr(value, "name", type(value).__name__),
)
def test_what_went_wrong_has_a_code_and_a_sentence(
    lab: Lab, child: Child, run: Any, problem: Exception, code: FailureCode
) -> None:
    """Q8: three times for a cause that may pass, once for one that stays."""
    child.engines.find = failing(problem)

    while lab.run(run.id).status == RunStatus.QUEUED:
        assert child.carry_out(run.id)

    failed, image = lab.run(run.id), lab.image(run.image_id)
    assert failed.failure_code == image.last_error_code == code
    assert failed.failure_detail == image.last_error_detail
    assert len(failed.failure_detail) > 8
    assert image.status == ImageStatus.FAILED
    assert child.results() == []
    assert lab.is_exact(run.project_id)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"no image at all", FailureCode.UNSUPPORTED_FORMAT),
        (encoded(disks(2))[:100], FailureCode.UNREADABLE_IMAGE),
    ],
    ids=["no image", "half an image"],
)
def test_a_stored_file_that_cannot_be_read_fails_its_image(
    lab: Lab, child: Child, run: Any, content: bytes, code: FailureCode
) -> None:
    child.storage.put(lab.image(run.image_id).storage_key, content)

    child.carry_out(run.id)

    assert lab.run(run.id).failure_code == code
    assert child.engines.asked == []


def test_a_missing_file_is_a_failure_of_storage_and_tried_again(
    lab: Lab, child: Child, run: Any
) -> None:
    child.storage.delete([lab.image(run.image_id).storage_key])

    child.carry_out(run.id)

    assert lab.run(run.id).status == RunStatus.QUEUED
    for _ in range(MAX_ATTEMPTS - 1):
        child.carry_out(run.id)
    assert lab.run(run.id).failure_code == FailureCode.STORAGE_ERROR


def test_a_failure_that_passes_ends_in_one_result(lab: Lab, child: Child, run: Any) -> None:
    child.engines.find = failing(TimeIsUpError())
    child.carry_out(run.id)
    child.engines.find = bright

    assert child.carry_out(run.id)

    done = lab.run(run.id)
    assert (done.status, done.attempt) == (RunStatus.SUCCEEDED, 2)
    assert lab.image(run.image_id).last_error_code is None
    assert lab.stats(run.project_id).object_count == 2


def test_the_output_of_a_fenced_run_is_deleted(lab: Lab, child: Child, run: Any) -> None:
    """Q3: it was taken for dead, and another child finished first."""

    def another_is_faster() -> None:
        lab.hand_back("w1", 1)
        assert child.carry_out(run.id, pid=2)

    with held("segment.before_commit", another_is_faster):
        assert not child.carry_out(run.id, pid=1)

    done = lab.run(run.id)
    assert (done.status, done.attempt, done.pid) == (RunStatus.SUCCEEDED, 2, 2)
    assert child.results() == sorted(child.storage.list(done.result_path))
    assert lab.stats(run.project_id).object_count == 2


def test_the_late_failure_of_a_fenced_run_changes_nothing(lab: Lab, child: Child, run: Any) -> None:
    def another_is_faster() -> None:
        lab.hand_back("w1", 1)
        assert child.carry_out(run.id, pid=2)

    def find(image: np.ndarray) -> Segmentation:
        if len(child.engines.asked) == 1:
            another_is_faster()
            raise ValueError
        return bright(image)

    child.engines.find = find

    assert not child.carry_out(run.id, pid=1)

    assert lab.image(run.image_id).status == ImageStatus.SEGMENTED


def test_the_output_of_a_cancelled_run_is_deleted(lab: Lab, child: Child, run: Any) -> None:
    """Q4: its late result changes nothing."""
    with held("segment.before_commit", lambda: lab.cancel(Scope.IMAGE, run.image_id)):
        assert not child.carry_out(run.id)

    assert child.results() == []
    assert lab.run(run.id).status == RunStatus.CANCELLED
    assert lab.image(run.image_id).status == ImageStatus.UPLOADED


def test_the_late_failure_of_a_cancelled_run_changes_nothing(
    lab: Lab, child: Child, run: Any
) -> None:
    """Q4."""

    def find(image: np.ndarray) -> Segmentation:
        lab.cancel(Scope.IMAGE, run.image_id)
        raise TimeIsUpError

    child.engines.find = find

    assert not child.carry_out(run.id)

    assert lab.run(run.id).status == RunStatus.CANCELLED
    assert lab.image(run.image_id).last_error_code is None


def test_the_output_of_a_deleted_image_is_deleted(lab: Lab, child: Child, run: Any) -> None:
    """Rule 26."""
    with held("segment.before_commit", lambda: lab.delete(run.project_id, [run.image_id])):
        assert not child.carry_out(run.id)

    assert child.results() == []
    assert lab.stats(run.project_id).image_count == 0


def test_the_output_of_a_deleted_project_is_deleted(lab: Lab, child: Child, run: Any) -> None:
    with held("segment.before_commit", lambda: lab.sql("DELETE FROM projects")):
        assert not child.carry_out(run.id)

    assert child.results() == []


def test_a_run_whose_outcome_cannot_be_written_is_left_to_its_lease(
    lab: Lab, child: Child, run: Any
) -> None:
    """S3: the connection is cut between claim and commit."""

    def cut() -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError), held("segment.before_commit", cut):
        child.carry_out(run.id)
    lab.expire_leases()

    assert lab.reap() == [run.id]
    assert child.carry_out(run.id)
    assert lab.run(run.id).attempt == 2


def test_a_16_bit_tiff_reaches_the_engine_with_its_values(lab: Lab, child: Child, run: Any) -> None:
    seen: list[np.ndarray] = []

    def find(image: np.ndarray) -> Segmentation:
        seen.append(image)
        return bright(image)

    buffer = BytesIO()
    Image.fromarray(np.full((16, 16), 40_000, np.uint16)).save(buffer, "TIFF")
    child.storage.put(lab.image(run.image_id).storage_key, buffer.getvalue())
    child.engines.find = find

    assert child.carry_out(run.id)

    [image] = seen
    assert (image.shape, image.max()) == ((16, 16, 1), 40_000)


def test_an_engine_is_shown_the_chosen_channels_and_all_are_measured(
    lab: Lab, child: Child
) -> None:
    """U5."""
    picture = np.random.default_rng(0).integers(0, 255, (20, 30, 3), dtype=np.uint8)
    seen = []

    def look(image: np.ndarray) -> Segmentation:
        seen.append(image)
        return bright(image)

    child.engines.find = look
    project = lab.project()
    lab.sql("UPDATE projects SET channels = ARRAY[2] WHERE id = :id", id=project)
    run = lab.one_run(project)
    child.storage.put(lab.image(run.image_id).storage_key, encoded(picture))

    child.carry_out(run.id)

    assert np.array_equal(seen[0], picture[:, :, [1]])
    [found, _] = load_objects(child.storage, lab.run(run.id).result_path)
    intensities = {key for key in found["measurements"] if key.startswith("intensityMean")}
    assert intensities == {"intensityMean:0", "intensityMean:1", "intensityMean:2"}
    assert lab.run(run.id).channels == [2]


def test_an_image_without_the_chosen_channel_fails_with_words(lab: Lab, child: Child) -> None:
    project = lab.project()
    lab.sql("UPDATE projects SET channels = ARRAY[4] WHERE id = :id", id=project)
    run = lab.one_run(project)
    colours = np.zeros((20, 30, 3), np.uint8)
    child.storage.put(lab.image(run.image_id).storage_key, encoded(colours))

    child.carry_out(run.id)

    failed = lab.run(run.id)
    assert failed.failure_code == FailureCode.UNSUPPORTED_FORMAT
    assert "channel 4, and this image has 3" in failed.failure_detail


def test_other_channels_are_no_result_that_is_there_already(
    lab: Lab, child: Child, run: Any
) -> None:
    child.carry_out(run.id)
    assert lab.segment(run.project_id).queued == 0

    lab.sql("UPDATE projects SET channels = ARRAY[1] WHERE id = :id", id=run.project_id)

    assert lab.segment(run.project_id).queued == 1


def test_a_project_gives_its_pixel_size_to_images_that_have_none(lab: Lab, child: Child) -> None:
    project = lab.project()
    lab.sql("UPDATE projects SET pixel_size_um = 0.5 WHERE id = :id", id=project)
    run = lab.one_run(project)
    child.storage.put(lab.image(run.image_id).storage_key, encoded(disks(2)))

    child.carry_out(run.id)

    assert lab.run(run.id).pixel_size_um == 0.5
    [found, _] = load_objects(child.storage, lab.run(run.id).result_path)
    assert found["measurements"]["areaUm2"] == found["measurements"]["area"] * 0.25
