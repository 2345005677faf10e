"""`celltally-net` with its own weights."""

import os
import subprocess
import sys

import numpy as np
import pytest

from shared.reading import read_pixels
from shared.samples.catalogue import SAMPLES
from tests.images import disk, photographed
from worker.engines.checked import CheckedEngine
from worker.engines.net import engine as engine_module
from worker.engines.net.engine import Net
from worker.engines.registry import find

NUCLEI = [sample for sample in SAMPLES if sample.filename.startswith("drawn_nuclei")]


@pytest.fixture(scope="module")
def engine():
    net = Net()
    net.load("cpu")
    return CheckedEngine(net)


def crowd(side, *, step=40, radius=11):
    """Return labels of a grid of disks, which seams cannot miss."""
    tile = np.pad(disk(radius, side=step - 1), ((0, 1), (0, 1)))
    grid = np.tile(tile, (side // step, side // step))
    return np.pad(grid, ((0, side - grid.shape[0]), (0, side - grid.shape[1])))


@pytest.mark.parametrize("sample", NUCLEI, ids=lambda sample: sample.filename)
def test_the_engine_counts_its_self_test_images_exactly(engine, sample):
    """(E1)."""
    found = engine.segment(read_pixels(sample.path), 0.65)

    assert found.labels.max() == sample.objects
    assert found.scores.shape == (sample.objects,)
    assert ((found.scores > 0) & (found.scores <= 1)).all()


def test_the_same_image_gives_the_same_bytes(engine):
    """(E6)."""
    image = read_pixels(NUCLEI[0].path)
    fresh = Net()
    fresh.load("cpu")

    first, again = engine.segment(image, None), engine.segment(image, None)
    other = CheckedEngine(fresh).segment(image, None)

    for found in (again, other):
        assert found.labels.tobytes() == first.labels.tobytes()
        assert found.scores.tobytes() == first.scores.tobytes()


def test_an_object_across_a_seam_is_one_object(engine, monkeypatch):
    image = photographed(crowd(1080))
    tiled = engine.segment(image, None, scale=1)
    monkeypatch.setattr(engine_module.Network.look, "__kwdefaults__", {"window": 1088, "halo": 64})

    whole = engine.segment(image, None, scale=1)

    assert whole.labels.max() == tiled.labels.max() == 27 * 27
    # What is far away still has a little say, which integers may round up: pixels at outlines may
    # differ, one in 5,000.
    differing = np.count_nonzero((whole.labels > 0) != (tiled.labels > 0))
    assert differing <= image.size / 5_000


def test_a_picture_too_large_for_one_look_is_seen_in_tiles_at_the_scale_of_the_whole(engine):
    image = photographed(crowd(2400, step=60, radius=18)[:600])
    looks = engine._engine.survey(image, **engine.spec.defaults())

    found = engine.segment(image, None)

    assert found.labels.max() == 40 * 10
    assert looks["scale"] == pytest.approx((26 / 37) ** 0.5, rel=0.1)
    assert looks["modality"] == "nuclei_fluo"


def test_a_picture_without_contrast_has_no_objects(engine):
    found = engine.segment(np.full((100, 90, 1), 55, np.uint8), None)

    assert found.labels.shape == (100, 90)
    assert found.labels.max() == 0
    assert found.scores.shape == (0,)


def test_noise_alone_has_no_objects(engine):
    noise = np.random.default_rng(5).normal(500, 30, (256, 256, 1)).astype(np.uint16)

    assert engine.segment(noise, None, modality="nuclei_fluo").labels.max() == 0


@pytest.mark.parametrize("shape", [(1, 1), (3, 500), (33, 65), (257, 31)])
def test_pictures_of_any_shape_are_taken(engine, shape):
    image = np.random.default_rng(1).integers(0, 255, (*shape, 1), np.uint8)

    assert engine.segment(image, None).labels.shape == shape


@pytest.mark.parametrize("size", [6, 12, 60])
def test_small_and_large_nuclei_are_found_at_a_size_that_suits(engine, size):
    mask = crowd(4 * 4 * size, step=4 * size, radius=size)

    found = engine.segment(photographed(mask), None, modality="nuclei_fluo")

    assert found.labels.max() == 16
    assert np.count_nonzero(found.labels) == pytest.approx(np.count_nonzero(mask), rel=0.2)


def test_the_size_of_nuclei_in_tissue_is_told_by_a_smaller_look(engine):
    mask = crowd(480, step=60, radius=18)
    tissue = 7000 - photographed(mask)
    asked = engine.spec.defaults() | {"modality": "nuclei_stained"}

    found = engine.segment(tissue, None, modality="nuclei_stained")

    assert engine._engine.survey(tissue, **asked)["scale"] == pytest.approx(
        (26 / 37) ** 0.5, rel=0.05
    )
    assert found.labels.max() == 64
    assert np.count_nonzero(found.labels) == pytest.approx(np.count_nonzero(mask), rel=0.15)


def test_weights_that_were_changed_are_refused(tmp_path, monkeypatch):
    changed = tmp_path / "celltally_net.onnx"
    changed.write_bytes(b"other weights")
    monkeypatch.setattr(engine_module, "WEIGHTS", changed)

    installed = find("celltally-net")

    assert not installed.available
    assert "were changed" in installed.reason


def test_missing_weights_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(engine_module, "WEIGHTS", tmp_path / "celltally_net.onnx")

    assert Net.available() == (
        False,
        "its weights celltally_net.onnx are missing: install celltally again",
    )


def test_a_missing_runtime_is_named(monkeypatch):
    monkeypatch.setattr(engine_module, "find_spec", lambda name: None)

    available, reason = Net.available()

    assert not available
    assert "pip install onnxruntime" in reason


def test_the_runtime_leaves_nothing_behind_and_tells_nobody(tmp_path):
    program = "from worker.engines.net.engine import Net; Net().load('cpu')"
    surroundings = os.environ | {"TMPDIR": str(tmp_path), "HOME": str(tmp_path)}
    del surroundings["ORT_DISABLE_TELEMETRY"]

    subprocess.run([sys.executable, "-c", program], env=surroundings, check=True)

    assert list(tmp_path.iterdir()) == []


def test_segmenting_before_loading_says_so():
    with pytest.raises(RuntimeError, match="call load first"):
        Net().segment(photographed(disk(10, side=41)), None)


def test_the_spec_tells_the_hash_of_the_shipped_weights():
    assert Net.available() == (True, None)
    assert Net.spec.weights_sha256 == engine_module.WEIGHTS_SHA256
    assert engine_module.WEIGHTS.stat().st_size <= 12 * 2**20
