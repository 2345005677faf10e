import math

import numpy as np
import pytest

from shared.reading import read_pixels
from shared.samples.catalogue import SAMPLES
from tests.images import annulus, disk, photographed
from worker.engines.checked import CheckedEngine
from worker.engines.classical import Classical
from worker.engines.tiling import needs_tiles

METHODS = ["local", "otsu"]
NUCLEI = [sample for sample in SAMPLES if sample.filename.startswith("drawn_nuclei")]


@pytest.fixture
def engine():
    return CheckedEngine(Classical())


def areas(segmentation):
    return np.bincount(segmentation.labels.ravel())[1:].tolist()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("sample", NUCLEI, ids=lambda sample: sample.filename)
def test_drawn_nuclei_are_counted_exactly(engine, sample, method):
    found = engine.segment(read_pixels(sample.path), None, method=method)

    assert found.labels.max() == sample.objects


@pytest.mark.parametrize("method", METHODS)
def test_a_disk_much_larger_than_the_window_is_whole(engine, method):
    image = photographed(disk(100, side=301))

    found = engine.segment(image, None, method=method)

    assert areas(found) == [pytest.approx(math.pi * 100**2, rel=0.01)]


@pytest.mark.parametrize("method", METHODS)
def test_an_annulus_keeps_its_hole_and_the_island_in_it(engine, method):
    mask = annulus(90, 50, side=251) + disk(20, side=251)

    found = engine.segment(photographed(mask), None, method=method)

    assert sorted(areas(found)) == [
        pytest.approx(math.pi * 20**2, rel=0.1),
        pytest.approx(math.pi * (90**2 - 50**2), rel=0.03),
    ]


def test_a_small_hole_is_filled_and_the_limit_is_a_parameter(engine):
    image = photographed(annulus(40, 5, side=121), noise=0)

    filled = engine.segment(image, None, max_hole_area=500)
    kept = engine.segment(image, None, max_hole_area=0)

    assert areas(filled)[0] > areas(kept)[0]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("turn", [0, 0.3, 0.7, 1.2])
@pytest.mark.parametrize(("length", "width"), [(90, 12), (70, 30), (110, 50)])
def test_a_long_convex_shape_is_not_split(engine, method, turn, length, width):
    y, x = np.mgrid[:261, :261] - 130
    along = x * math.cos(turn) + y * math.sin(turn)
    across = y * math.cos(turn) - x * math.sin(turn)
    rod = (abs(along) <= length) & (abs(across) <= width)
    ellipse = np.hypot(along / length, across / width) <= 1

    for shape in (rod, ellipse):
        assert engine.segment(photographed(shape), None, method=method).labels.max() == 1


def test_two_disks_that_touch_are_two(engine):
    mask = np.maximum(
        np.roll(disk(20, side=121), -17, axis=1), np.roll(disk(20, side=121), 17, axis=1)
    )

    found = engine.segment(photographed(mask), None)

    assert len(areas(found)) == 2
    assert min(areas(found)) > 0.8 * math.pi * 20**2


def test_dark_objects_are_found_as_well_as_bright_ones(engine):
    bright = photographed(disk(25, side=101))
    dark = 7000 - bright.astype(np.int32)

    assert engine.segment(dark, None).labels.max() == 1
    assert engine.segment(dark, None, polarity="dark").labels.max() == 1
    assert engine.segment(bright, None, polarity="bright").labels.max() == 1


def test_one_nucleus_in_a_large_dark_field_is_found(engine):
    found = engine.segment(photographed(disk(9, side=900)), None)

    assert areas(found) == [pytest.approx(math.pi * 81, rel=0.25)]


def test_noise_alone_has_no_objects(engine):
    assert engine.segment(photographed(np.zeros((300, 300))), None).labels.max() == 0


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 3, 1), (1, 400, 3), (50, 50, 2)])
def test_a_picture_without_contrast_has_no_objects(engine, shape):
    found = engine.segment(np.full(shape, 9, np.uint8), None)

    assert found.labels.shape == shape[:2]
    assert found.labels.max() == 0


def test_gaps_in_a_picture_of_floats_are_background(engine):
    image = photographed(disk(20, side=101)).astype(np.float32)
    image[:10] = np.nan

    assert engine.segment(image, None).labels.max() == 1


def test_a_channel_can_be_chosen(engine):
    empty = photographed(np.zeros((101, 101)))
    image = np.concatenate([empty, photographed(disk(20, side=101))], axis=2)

    assert engine.segment(image, None, channel=1).labels.max() == 0
    assert engine.segment(image, None, channel=2).labels.max() == 1


def test_every_object_has_a_score(engine):
    found = engine.segment(read_pixels(NUCLEI[0].path), None)

    assert found.scores is not None
    assert len(found.scores) == found.labels.max()
    assert ((found.scores > 0) & (found.scores <= 1)).all()


def test_the_same_picture_gives_the_same_labels(engine):
    image = read_pixels(NUCLEI[0].path)

    once, again = engine.segment(image, None), engine.segment(image, None)

    assert np.array_equal(once.labels, again.labels)


def large_image(shape=(700, 3300), seed=3):
    """Return nuclei on the right side alone, in a picture larger than a tile."""
    mask = np.zeros(shape, np.uint32)
    for y, x in np.random.default_rng(seed).integers((30, 1900), (670, 3270), size=(120, 2)):
        mask[y - 12 : y + 13, x - 12 : x + 13] |= disk(12, side=25)
    return photographed(mask)


@pytest.mark.parametrize("method", METHODS)
def test_in_tiles_the_light_of_the_whole_image_decides(engine, method):
    image = large_image()
    assert needs_tiles(image.shape, engine.spec.tiling)

    tiled = engine.segment(image, None, method=method)

    whole = Classical().segment(image, None, **engine.spec.defaults() | {"method": method})
    assert tiled.labels.max() == whole.labels.max()
    differing = np.count_nonzero((tiled.labels > 0) != (whole.labels > 0))
    assert differing < 0.01 * np.count_nonzero(whole.labels)


def test_large_noise_has_no_objects(engine):
    noise = photographed(np.zeros((200, 3300), np.uint32))

    assert engine.segment(noise, None).labels.max() == 0


def test_a_known_image_is_counted_exactly(engine):
    known = Classical.known_image()

    assert engine.segment(known.image, None).labels.max() == known.objects
