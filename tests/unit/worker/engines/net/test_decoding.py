"""From maps to objects, with the maps that a perfect network would give."""

import dataclasses

import numpy as np
import pytest

from tests.images import disk
from tests.unit.worker.engines.net.maps import perfect_maps
from worker.engines.net.engine import at_full_size
from worker.engines.net.objects import outlined, whole_ones, without_holes
from worker.engines.net.stars import chosen_stars
from worker.evaluation.matching import score


def decoded(maps, *, overlap=0.4):
    stars = chosen_stars(maps, threshold=0.45, overlap=overlap)
    return outlined(maps, stars, inside=0.0), stars


def crowd():
    """Return disks that touch, small and large, one of them at the border."""
    labels = np.zeros((160, 200), np.int32)
    y, x = np.mgrid[:160, :200]
    places = [(40, 40, 20), (40, 79, 19), (75, 60, 20), (120, 150, 35), (150, 20, 25), (20, 150, 4)]
    for number, (row, column, radius) in enumerate(places, 1):
        labels[((y - row) ** 2 + (x - column) ** 2 <= radius**2) & (labels == 0)] = number
    return labels


def test_objects_that_touch_come_back_as_they_were():
    truth = crowd()

    found, _ = decoded(perfect_maps(truth))

    assert score(truth, found).f1 == 1
    assert (found > 0).tolist() == (truth > 0).tolist()


def test_a_bent_cell_is_one_object_though_no_star_covers_it():
    y, x = np.mgrid[:200, :200] - 100
    radius = np.hypot(y, x)
    truth = ((radius > 60) & (radius < 80) & (y < 20)).astype(np.int32)

    found, _ = decoded(perfect_maps(truth))
    whole, _ = whole_ones(found, 20)

    assert score(truth, whole).f1 == 1


def test_each_object_has_the_score_of_its_star():
    truth = crowd()
    maps = perfect_maps(truth)
    weak = np.where(truth[::2, ::2] == 4, np.minimum(maps.peak, 0.5), maps.peak)

    found, stars = decoded(dataclasses.replace(maps, peak=weak))

    number = found[120, 150]
    assert stars.scores[number - 1] == pytest.approx(1 / (1 + np.exp(-0.5)), abs=0.01)
    assert (np.delete(stars.scores, number - 1) > 0.9).all()


def test_nothing_is_found_where_the_network_is_not_sure():
    maps = perfect_maps(crowd())

    found, stars = decoded(dataclasses.replace(maps, peak=np.minimum(maps.peak, -1)))

    assert found.max() == 0
    assert stars.scores.size == 0


def test_pixels_far_from_every_star_belong_to_none():
    truth = crowd()
    maps = perfect_maps(truth)
    lost = truth == 4
    away = np.where(lost[::2, ::2], -8, maps.peak)
    nowhere = np.where(lost[::2, ::2], 0, maps.middle)

    found, _ = decoded(dataclasses.replace(maps, peak=away, middle=nowhere))

    assert found[lost].max() == 0


def test_a_star_mostly_covered_by_a_better_one_is_dropped():
    truth = np.pad(disk(20, side=81), ((0, 1), (0, 1))).astype(np.int32)
    maps = perfect_maps(truth)
    doubled = maps.peak.copy()
    doubled[20, 26] = 3.0

    _, stars = decoded(dataclasses.replace(maps, peak=doubled))
    _, both = decoded(dataclasses.replace(maps, peak=doubled), overlap=0.99)

    assert len(stars.scores) == 1
    assert len(both.scores) == 2


def test_an_object_in_parts_keeps_the_largest():
    labels = np.zeros((40, 40), np.int32)
    labels[2:12, 2:12] = 7
    labels[20:24, 20:24] = 7
    labels[30:38, 30:38] = 3
    labels[30:33, 2:5] = 5

    whole, origin = whole_ones(labels, 10)

    assert origin.tolist() == [3, 7]
    assert np.bincount(whole.ravel())[1:].tolist() == [64, 100]
    assert whole[21, 21] == whole[31, 3] == 0


def test_only_small_holes_inside_one_object_are_filled():
    labels = np.zeros((60, 60), np.uint32)
    labels[5:25, 5:25] = 1
    labels[5:25, 25:45] = 2
    labels[10:13, 10:13] = 0  # A small hole.
    labels[10:13, 24:26] = 0  # A gap between two.
    labels[30:50, 5:25] = 3
    labels[35:45, 10:20] = 0  # A large hole,
    labels[39:41, 14:16] = 4  # with an island.

    filled = without_holes(labels, 50)

    assert (filled[10:13, 10:13] == 1).all()
    assert (filled[10:13, 24:26] == 0).all()
    assert filled[36, 11] == 0
    assert filled[40, 15] == 4


def test_a_notch_at_the_border_is_no_hole():
    labels = np.ones((20, 20), np.uint32)
    labels[0:3, 5:8] = 0

    assert (without_holes(labels, 50) == labels).all()


@pytest.mark.parametrize("factor", [2, 3, 0.5])
def test_outlines_are_smooth_at_another_size(factor):
    side = 120
    small = disk(20, side=side).astype(np.int32)
    y, x = np.mgrid[:side, :side] - side // 2
    inside = (20 - np.hypot(y, x)).astype(np.float16)
    full = round(side * factor)

    labels = at_full_size(small, inside, 0.0, (full, full))

    assert np.count_nonzero(labels) == pytest.approx(np.pi * (20 * factor) ** 2, rel=0.02)
