import json

import numpy as np
import pytest

from shared.domain.measurements import DISTRIBUTED, STATISTICS, column_of
from shared.measuring import measure, summarise
from tests.images import disk


def summary_of(labels, pixel_size_um=None, channels=1):
    image = np.ones((*labels.shape, channels), np.uint8)
    return summarise(measure(labels, image, pixel_size_um), labels.shape, pixel_size_um)


def squares(*sides):
    """Return labels of squares with these sides in a row, one pixel from the border."""
    labels = np.zeros((max(sides) + 2, sum(sides) + len(sides) + 1), np.uint32)
    left = 1
    for label, side in enumerate(sides, 1):
        labels[1 : 1 + side, left : left + side] = label
        left += side + 1
    return labels


def test_density_and_coverage_are_of_the_whole_image():
    labels = np.zeros((100, 200), np.uint32)
    labels[10:20, 10:20], labels[50:60, 50:60] = 1, 2

    found = summary_of(labels, 0.5)

    assert found["objectCount"] == 2
    assert found["densityPerMpx"] == 100
    assert found["densityPerMm2"] == pytest.approx(2 / (0.05 * 0.1))
    assert found["coverage"] == 0.01
    assert found["borderShare"] == 0
    assert (found["areaTotal"], found["areaTotalUm2"]) == (200, 50)


def test_the_distribution_of_a_measurement_is_numpys():
    areas = np.array([1, 4, 9, 16, 100])

    found = summary_of(squares(1, 2, 3, 4, 10), 2.0)

    assert found["areaMean"] == areas.mean()
    assert found["areaMedian"] == 9
    assert found["areaStd"] == pytest.approx(areas.std(ddof=1))
    assert (found["areaMin"], found["areaMax"]) == (1, 100)
    assert found["areaQ25"] == 4
    assert found["areaQ95"] == pytest.approx(np.quantile(areas, 0.95))
    assert found["areaMedianUm2"] == 36
    assert found["equivalentDiameterAreaMeanUm"] == 2 * found["equivalentDiameterAreaMean"]


def test_the_largest_object_and_what_broke_off_it():
    found = summary_of(squares(4, 10, 6, 2), 0.5)

    assert (found["largestLabel"], found["largestArea"], found["largestAreaUm2"]) == (2, 100, 25)
    assert found["largestShare"] == 100 / 156
    # Less than half the diameter: of squares of 4 and 2 pixels, not of 6.
    assert (found["fragmentCount"], found["fragmentArea"]) == (2, 20)


def test_half_the_diameter_is_no_fragment_yet():
    assert summary_of(squares(10, 5))["fragmentCount"] == 0


def test_without_objects_there_is_no_distribution_and_no_largest():
    found = summary_of(np.zeros((5, 5), np.uint32), 0.5)

    assert (found["objectCount"], found["coverage"], found["fragmentCount"]) == (0, 0, 0)
    assert found["borderShare"] is None
    assert found["largestLabel"] is found["areaMeanUm2"] is found["intensityMeanQ95"] is None
    assert found.keys() == summary_of(disk(2, side=9), 0.5).keys()


def test_one_object_has_no_standard_deviation():
    assert summary_of(disk(2, side=9))["areaStd"] is None


def test_channels_are_told_apart():
    found = summary_of(disk(2, side=9), channels=2)

    assert found["intensityMeanMedian:0"] == found["intensityMeanMedian:1"] == 1
    assert "intensityMeanMedian" not in found


def test_pixels_that_are_no_number_are_left_out_of_the_distribution():
    labels = squares(2, 2)
    image = np.full((*labels.shape, 1), np.nan, np.float32)
    image[labels == 1] = 7

    found = summarise(measure(labels, image, None), labels.shape, None)

    assert found["intensityMeanMean"] == 7
    json.dumps(found, allow_nan=False)


def test_every_value_is_described_and_none_is_forgotten():
    """(E4)"""
    found = summary_of(squares(3, 4), 0.5)

    assert [key for key in found if column_of(key) is None] == []
    assert [
        name + ending for name in DISTRIBUTED for ending in STATISTICS if name + ending not in found
    ] == []
