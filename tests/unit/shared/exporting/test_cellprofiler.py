"""CellProfiler's tables: its names, its numbering, its units (E5)."""

import csv
import math
from io import StringIO

import pytest

from shared.exporting.cellprofiler import cellprofiler_name
from tests.exports import exported, ring_with_island, stored_image, two_squares


def tables(storage):
    content = exported(
        [
            stored_image(storage, two_squares(), name="a.tif"),
            stored_image(storage, None, name="b.tif"),
            stored_image(storage, ring_with_island(), name="c.tif"),
        ],
        "cellprofiler",
        "csv",
    )
    return [
        list(csv.DictReader(StringIO(content[path].decode())))
        for path in ("cellprofiler/Image.csv", "cellprofiler/Objects.csv", "tables/objects.csv")
    ]


def test_objects_point_to_their_images(storage):
    images, objects, _ = tables(storage)

    names = {row["ImageNumber"]: row["FileName_Image"] for row in images}
    assert names == {"1": "a.tif", "2": "b.tif", "3": "c.tif"}
    assert [(row["ImageNumber"], row["ObjectNumber"]) for row in objects] == [
        *(("1", "1"), ("1", "2")),
        *(("3", "1"), ("3", "2")),
    ]
    assert [row["Count_Objects"] for row in images] == ["2", "", "2"]


def test_measurements_have_its_names_and_units(storage):
    _, objects, ours = tables(storage)

    for row, own in zip(objects, ours, strict=True):
        assert row["AreaShape_Area"] == own["area"]
        assert row["AreaShape_Center_X"] == own["centroid-1"]
        assert row["Intensity_MeanIntensity_Image"] == own["intensityMean"]
        if "orientation" in own:
            degrees = math.degrees(float(own["orientation"]))
            assert float(row["AreaShape_Orientation"]) == pytest.approx(degrees)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("intensityMax:DAPI", "Intensity_MaxIntensity_DAPI"),
        ("bbox-3", "AreaShape_BoundingBoxMaximum_X"),
        ("holeCount", "AreaShape_HoleCount"),
    ],
)
def test_what_it_does_not_have_is_kept(ours, theirs):
    assert cellprofiler_name(ours) == theirs
