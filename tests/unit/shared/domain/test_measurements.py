import numpy as np
import pytest

from shared.domain.measurements import IMAGE_COLUMNS, OBJECT_COLUMNS, column_of
from shared.measuring import measure
from tests.images import disk

ALL = (*OBJECT_COLUMNS, *IMAGE_COLUMNS)


def table(channels):
    labels = disk(3, side=11)
    return measure(labels, np.ones((*labels.shape, channels), np.uint8), 0.5)


def test_every_column_of_the_table_is_described():
    """(E4)"""
    keys = table(1).keys() | table(2).keys()

    assert {key for key in keys if column_of(key) is None} == {"label"}


def test_everything_that_is_described_is_measured():
    measured = table(1)

    expected = [each for column in OBJECT_COLUMNS for each in (column, column.physical) if each]
    assert [column.name for column in expected if column.name not in measured] == []


def test_names_are_unique():
    assert len({column.name for column in ALL}) == len(ALL)


def test_every_column_says_what_it_is_and_whose_formula():
    assert [column.name for column in ALL if not (column.title and column.description)] == []
    assert [column.name for column in ALL if not column.source] == []


@pytest.mark.parametrize(
    ("key", "title", "unit"),
    [
        ("area", "Area", "px²"),
        ("areaUm2", "Area", "µm²"),
        ("areaMedianUm2", "Area, median", "µm²"),
        ("sphereVolumeUm3", "Sphere volume", "µm³"),
        ("circularity", "Circularity", ""),
        ("intensityMean", "Mean intensity", "grey value"),
        ("intensityMean:1", "Mean intensity, channel 1", "grey value"),
        ("intensityMeanQ95:0", "Mean intensity, 95 %, channel 0", "grey value"),
    ],
)
def test_a_key_of_a_table_is_looked_up_with_its_unit(key, title, unit):
    column = column_of(key)

    assert (column.name, column.title, column.unit) == (key, title, unit)


@pytest.mark.parametrize("key", ["label", "polygon", "area:1", "circularityUm", "", "areaUm"])
def test_what_is_no_measurement_is_none(key):
    assert column_of(key) is None
