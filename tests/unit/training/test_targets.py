import numpy as np
import pytest

from tests.images import annulus, disk
from training.targets import OUTSIDE, star_distances, targets_of, touching, ways_to_middle


def test_from_the_middle_of_a_disk_all_rays_are_as_long_as_its_radius():
    distances = star_distances(disk(20, side=61).astype(np.int32))

    assert distances[:, 15, 15] == pytest.approx(20, abs=0.6)


def test_rays_end_at_another_object_at_the_border_and_at_a_hole():
    labels = np.ones((40, 40), np.int32)
    labels[:, 20:] = 2
    ring = annulus(18, 8, side=41).astype(np.int32)

    right, up = 0, 24
    assert star_distances(labels)[right, 10, 5] == 9.5
    assert star_distances(labels)[up, 10, 5] == 20.5
    assert star_distances(ring)[right, 10, 3] == pytest.approx(6, abs=0.6)


def test_background_has_no_distances():
    distances = star_distances(disk(10, side=41).astype(np.int32))

    assert distances[:, 0, 0].tolist() == [0] * 32


def test_every_place_points_at_the_middle_of_its_object():
    labels = np.zeros((20, 40), np.int32)
    labels[4:9, 4:15] = 3
    labels[12:17, 20:31] = 9

    ways = ways_to_middle(labels)
    y, x = np.nonzero(labels)
    aims = {(int(r + ways[0, r, c]), int(c + ways[1, r, c])) for r, c in zip(y, x, strict=True)}

    assert aims == {(6, 9), (14, 25)}


def test_the_middle_of_a_bent_object_lies_in_it():
    ring = annulus(18, 12, side=41).astype(np.int32)
    ring[20:] = 0

    ways = ways_to_middle(ring)
    y, x = np.argwhere(ring)[0]

    assert ring[int(y + ways[0, y, x]), int(x + ways[1, y, x])] == 1


def test_the_peak_is_one_in_the_middle_and_falls_to_the_outline():
    targets = targets_of(disk(20, side=61).astype(np.int32))

    assert targets.peak[15, 15] == 1
    assert 0 < targets.peak[15, 24] < 0.1
    assert targets.peak[0, 0] == 0


def test_a_long_object_has_one_peak():
    labels = np.zeros((40, 120), np.int32)
    labels[15:25, 10:110] = 1

    peak = targets_of(labels).peak

    assert np.count_nonzero(peak > 0.95) < 0.1 * np.count_nonzero(peak)


def test_only_objects_that_touch_touch():
    labels = np.zeros((20, 40), np.int32)
    labels[5:15, 5:15] = 1
    labels[5:15, 15:25] = 2
    labels[5:15, 28:38] = 3

    touch = touching(labels)

    assert touch[10, 13:17].all()
    assert not touch[:, :12].any()
    assert not touch[:, 18:].any()


def test_what_is_outside_of_the_picture_is_no_object_and_unknown():
    labels = np.full((20, 20), OUTSIDE, np.int32)
    labels[:, 10:] = 0

    targets = targets_of(labels)

    assert not targets.inside.any()
    assert targets.known.sum() == 200
