"""Large images in tiles: what is one object stays one, whichever tiles it lies in."""

import numpy as np
import pytest
from skimage.measure import label

from shared.domain.engines import Segmentation, Tiling
from tests.images import annulus, disk
from worker.engines.progress import listening
from worker.engines.tiling import Canvas, Window, in_tiles, needs_tiles, windows

TILING = Tiling(side=100, overlap=20)


def by_threshold(tile):
    """Return the connected parts that are bright, each with its mean as score."""
    labels = label(tile[:, :, 0] > 0, connectivity=1).astype(np.uint32)
    scores = np.array([tile[labels == n].mean() for n in range(1, labels.max() + 1)])
    return Segmentation(labels, scores / 255)


def whole_and_in_tiles(mask, tiling=TILING):
    image = (255 * (mask > 0)).astype(np.uint8)[:, :, np.newaxis]
    return by_threshold(image).labels, in_tiles(image, tiling, by_threshold)


def same_partition(one, other):
    """Tell whether two labellings differ by their numbers alone."""
    pairs = np.unique(np.stack([one.ravel(), other.ravel()]), axis=1)
    return pairs.shape[1] == len(np.unique(one)) == len(np.unique(other))


@pytest.mark.parametrize("shape", [(100, 100), (101, 100), (350, 90), (7, 1000), (263, 417)])
def test_tiles_cover_the_image_and_overlap_by_as_much_as_is_due(shape):
    covered = np.zeros(shape, int)
    for window in windows(shape, TILING):
        known = covered[window.slices] > 0
        assert known[: window.known_rows].all()
        assert known[:, : window.known_columns].all()
        assert not known[window.known_rows :, window.known_columns :].any()
        assert window.known_rows == 0 or window.known_rows >= 20
        assert window.known_columns == 0 or window.known_columns >= 20
        covered[window.slices] += 1
    assert covered.min() == 1


@pytest.mark.parametrize("seed", range(4))
def test_many_small_objects_are_the_same_as_without_tiles(seed):
    random = np.random.default_rng(seed)
    mask = np.zeros((400, 500), np.uint32)
    for y, x in random.integers(0, (400, 500), size=(300, 2)):
        mask |= np.roll(disk(random.integers(3, 9), side=501)[:400, :500], (y, x), (0, 1))

    whole, tiled = whole_and_in_tiles(mask)

    assert same_partition(whole, tiled.labels)
    assert tiled.labels.max() == whole.max()


@pytest.mark.parametrize(
    "mask",
    [disk(160, side=401), annulus(190, 150, side=401) + disk(60, side=401)],
    ids=["a disk over nine tiles", "a ring with an island"],
)
def test_an_object_larger_than_a_tile_is_one(mask):
    whole, tiled = whole_and_in_tiles(mask)

    assert same_partition(whole, tiled.labels)


def test_a_line_along_a_seam_is_one():
    mask = np.zeros((300, 300), np.uint32)
    mask[88:91] = 1  # The first two rows of tiles overlap here.

    assert whole_and_in_tiles(mask)[1].labels.max() == 1


def test_two_objects_that_meet_at_a_seam_stay_two():
    labels = np.zeros((100, 180), np.uint32)
    labels[30:60, 60:90], labels[30:60, 90:120] = 1, 2

    def numbered(tile):
        found = np.unique(tile, return_inverse=True)[1].reshape(tile.shape[:2])
        return Segmentation(found.astype(np.uint32))

    found = in_tiles(labels[:, :, np.newaxis], TILING, numbered)

    assert same_partition(labels, found.labels)
    assert found.scores is None


def test_an_object_that_only_the_second_tile_saw_is_kept():
    canvas = Canvas((50, 80))
    canvas.add(Window(0, 50, 0, 50), Segmentation(np.zeros((50, 50), np.uint32), np.zeros(0)))
    second = np.zeros((50, 50), np.uint32)
    second[10:20, 5:15] = 1

    canvas.add(Window(0, 50, 30, 80, known_columns=20), Segmentation(second, np.array([0.5])))

    found = canvas.finished()
    assert found.labels[10:20, 35:45].tolist() == [[1] * 10] * 10
    assert found.scores.tolist() == [0.5]


def test_what_the_tiles_disagree_about_is_outlined_once():
    canvas = Canvas((50, 80))
    first, second = np.zeros((2, 50, 50), np.uint32)
    first[10:20, 34:44] = 1  # Not cut by an edge, and moved by three quarters:
    second[10:20, 11:21] = 1  # most of it is new, and the common part is the first one's.

    canvas.add(Window(0, 50, 0, 50), Segmentation(first))
    canvas.add(Window(0, 50, 30, 80, known_columns=20), Segmentation(second))

    areas = np.bincount(canvas.finished().labels.ravel())[1:].tolist()
    assert areas == [100, 70]


def test_a_score_is_the_mean_over_the_parts_by_their_areas():
    canvas = Canvas((10, 80))
    first, second = np.zeros((2, 10, 50), np.uint32)
    first[:, 20:] = 1
    second[:, :30] = 1

    canvas.add(Window(0, 10, 0, 50), Segmentation(first, np.array([0.9])))
    canvas.add(Window(0, 10, 30, 80, known_columns=20), Segmentation(second, np.array([0.5])))

    # 300 pixels of the first, 100 more of the second.
    assert canvas.finished().scores == pytest.approx([0.8])


def test_nothing_is_found_in_an_empty_image():
    found = in_tiles(np.zeros((300, 300, 1), np.uint8), TILING, by_threshold)

    assert found.labels.shape == (300, 300)
    assert (found.labels.max(), len(found.scores)) == (0, 0)


def test_progress_is_told_after_each_tile_and_not_of_parts_of_a_tile():
    told = []

    def segment(tile):
        return in_tiles(tile, Tiling(side=64, overlap=0), by_threshold)

    with listening(lambda done, total: told.append((done, total))):
        in_tiles(np.zeros((170, 250, 1), np.uint8), TILING, segment)

    assert told == [(done, 6) for done in range(1, 7)]


def test_a_listener_stops_the_work():
    seen = []

    def stop(done, total):
        raise KeyboardInterrupt

    def segment(tile):
        seen.append(tile)
        return by_threshold(tile)

    with listening(stop), pytest.raises(KeyboardInterrupt):
        in_tiles(np.zeros((300, 300, 1), np.uint8), TILING, segment)
    assert len(seen) == 1


@pytest.mark.parametrize(("shape", "due"), [((150, 90, 3), False), ((90, 151, 1), True)])
def test_an_image_hardly_larger_than_a_tile_is_taken_as_a_whole(shape, due):
    assert needs_tiles(shape, TILING) is due
