import math

import numpy as np
import pytest

from shared.reading import read_pixels
from shared.samples.catalogue import SAMPLES
from tests.images import annulus, disk
from worker.engines.checked import CheckedEngine
from worker.engines.spheroid import Spheroid

SPHEROIDS = [sample for sample in SAMPLES if sample.filename.startswith("drawn_spheroids")]


@pytest.fixture
def engine():
    return CheckedEngine(Spheroid())


def in_bright_light(mask):
    """Return dark bodies in light that falls off to one side, with some noise."""
    random = np.random.default_rng(0)
    light = np.linspace(220, 150, mask.shape[1])
    picture = light * np.where(mask > 0, 0.45, 1.0) + random.normal(size=mask.shape)
    return picture.clip(0, 255).astype(np.uint8)[:, :, np.newaxis]


def areas(segmentation):
    return np.bincount(segmentation.labels.ravel())[1:].tolist()


@pytest.mark.parametrize("sample", SPHEROIDS, ids=lambda sample: sample.filename)
def test_drawn_spheroids_are_counted_exactly(engine, sample):
    found = engine.segment(read_pixels(sample.path), None)

    assert found.labels.max() == sample.objects
    assert found.scores is not None
    assert ((found.scores > 0) & (found.scores <= 1)).all()


@pytest.mark.parametrize("side", [400, 1100])
def test_a_disk_measures_within_one_percent_at_any_size(engine, side):
    found = engine.segment(in_bright_light(disk(100, side=side)), None)

    assert areas(found) == [pytest.approx(math.pi * 100**2, rel=0.01)]


def test_a_large_hole_is_kept(engine):
    found = engine.segment(in_bright_light(annulus(200, 80, side=900)), None)

    assert areas(found) == [pytest.approx(math.pi * (200**2 - 80**2), rel=0.02)]


def test_two_spheroids_that_touch_are_two_and_a_long_one_is_one(engine):
    left = np.roll(disk(80, side=600), -72, axis=1)
    pair = np.maximum(left, np.roll(disk(80, side=600), 72, axis=1))
    y, x = np.mgrid[:600, :600] - 300
    long = np.hypot(x / 180, y / 60) <= 1

    assert engine.segment(in_bright_light(pair), None).labels.max() == 2
    assert engine.segment(in_bright_light(pair), None, neck=0).labels.max() == 1
    assert engine.segment(in_bright_light(long), None).labels.max() == 1


def test_debris_is_dropped_by_pixels_or_by_micrometres(engine):
    image = in_bright_light(disk(40, side=400))

    assert engine.segment(image, None).labels.max() == 1
    assert engine.segment(image, None, min_area=10_000).labels.max() == 0
    assert engine.segment(image, 2.0, min_area_um2=30_000).labels.max() == 0
    assert engine.segment(image, 2.0, min_area_um2=15_000).labels.max() == 1
    assert engine.segment(image, None, min_area_um2=30_000).labels.max() == 1


def test_light_alone_has_no_spheroids(engine):
    assert engine.segment(in_bright_light(np.zeros((500, 500))), None).labels.max() == 0


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 2, 3), (1, 900, 1)])
def test_a_black_or_tiny_picture_has_no_spheroids(engine, shape):
    found = engine.segment(np.zeros(shape, np.uint16), None)

    assert found.labels.shape == shape[:2]
    assert found.labels.max() == 0
