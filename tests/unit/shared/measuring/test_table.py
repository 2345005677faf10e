import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pydantic.alias_generators import to_camel
from skimage.measure import regionprops_table

from shared.measuring import connect, measure
from tests.images import annulus, disk, rectangle

SAME_AS_SCIKIT_IMAGE = (
    "label",
    "area",
    "perimeter",
    "perimeter_crofton",
    "axis_major_length",
    "axis_minor_length",
    "eccentricity",
    "extent",
    "equivalent_diameter_area",
    "intensity_mean",
    "intensity_min",
    "intensity_max",
)


def no_picture(labels):
    return np.zeros((*labels.shape, 1), np.uint8)


def measured(labels, pixel_size_um=None):
    return {
        name: values[0]
        for name, values in measure(labels, no_picture(labels), pixel_size_um).items()
    }


def test_a_disk_measures_within_one_percent_and_is_round():
    found = measured(disk(100, side=301))

    assert found["area"] == pytest.approx(math.pi * 100**2, rel=0.01)
    assert found["equivalentDiameterArea"] == pytest.approx(200, rel=0.01)
    assert found["perimeterCrofton"] == pytest.approx(2 * math.pi * 100, rel=0.01)
    assert found["feretDiameterMax"] == pytest.approx(200, rel=0.01)
    assert 0.98 <= found["circularity"] <= 1
    assert found["convexity"] == pytest.approx(1, abs=0.01)
    assert found["solidity"] == pytest.approx(1, abs=0.01)


def test_feret_diameters_of_a_rectangle_are_its_diagonal_and_its_shorter_side():
    found = measured(rectangle(20, 40))

    assert found["feretDiameterMax"] == pytest.approx(math.hypot(40, 20))
    assert found["feretDiameterMin"] == pytest.approx(20)
    assert found["extent"] == 1
    assert found["solidity"] == 1


def test_a_slanted_rectangle_is_as_narrow_as_an_upright_one():
    y, x = np.mgrid[:200, :200] - 100
    along, across = (x + y) / math.sqrt(2), (y - x) / math.sqrt(2)
    labels = ((abs(along) <= 60) & (abs(across) <= 15)).astype(np.uint32)

    found = measured(labels)

    assert found["feretDiameterMin"] == pytest.approx(30, abs=1.5)
    assert found["feretDiameterMax"] == pytest.approx(math.hypot(120, 30), abs=2)
    assert abs(found["orientation"]) == pytest.approx(math.pi / 4, abs=0.01)


def test_an_annulus_has_one_hole_and_is_not_round():
    found = measured(annulus(50, 20, side=121))

    assert found["holeCount"] == 1
    assert found["area"] == pytest.approx(math.pi * (50**2 - 20**2), rel=0.01)
    assert found["circularity"] < 0.6
    assert found["convexity"] < 0.8


def test_the_island_in_a_hole_is_no_part_of_the_ring():
    labels = annulus(50, 30, side=121) + 2 * disk(10, side=121)

    table = measure(labels, no_picture(labels), None)

    assert table["label"].tolist() == [1, 2]
    assert table["holeCount"].tolist() == [1, 0]


def test_objects_at_the_border_say_so():
    labels = np.zeros((9, 9), np.uint32)
    labels[0:2, 3:5], labels[4:6, 4:6], labels[8, 8] = 1, 2, 3

    assert measure(labels, no_picture(labels), None)["touchesBorder"].tolist() == [
        True,
        False,
        True,
    ]


def test_a_pixel_size_adds_micrometres_and_leaves_pixels_alone():
    labels = rectangle(20, 40)

    plain, scaled = measured(labels), measured(labels, 0.5)

    assert scaled["areaUm2"] == 800 * 0.25
    assert scaled["feretDiameterMinUm"] == pytest.approx(10)
    assert scaled["perimeterUm"] == plain["perimeter"] * 0.5
    assert scaled["area"] == plain["area"] == 800
    assert not any(name.endswith(("Um", "Um2")) for name in plain)


def test_one_channel_has_plain_names_and_several_are_numbered():
    labels = rectangle(4, 4)
    picture = np.dstack([np.full(labels.shape, 7), np.full(labels.shape, 9)])

    one = measure(labels, picture[:, :, :1], None)
    two = measure(labels, picture, None)

    assert one["intensityMean"].tolist() == [7]
    assert two["intensityMean:0"].tolist() == [7]
    assert two["intensityMax:1"].tolist() == [9]
    assert "intensityMean" not in two


def test_no_object_gives_every_column_empty():
    full = measure(rectangle(3, 3), np.zeros((23, 23, 1)), 1.0)

    empty = measure(np.zeros((5, 5), np.uint32), np.zeros((5, 5, 1)), 1.0)

    assert empty.keys() == full.keys()
    assert all(len(values) == 0 for values in empty.values())


def test_labels_need_not_be_consecutive():
    labels = np.zeros((5, 9), np.uint32)
    labels[1:3, 1:3], labels[1:4, 5:8] = 70_000, 5

    table = measure(labels, no_picture(labels), None)

    assert table["label"].tolist() == [5, 70_000]
    assert table["area"].tolist() == [9, 4]
    assert table["bbox"].tolist() == [[1, 5, 4, 8], [1, 1, 3, 3]]


small_labels = arrays(
    np.uint32, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.integers(0, 3)
)


@settings(max_examples=60, deadline=None)
@given(small_labels)
def test_every_number_that_scikit_image_has_is_the_same(drawn):
    labels, _ = connect(drawn)
    picture = np.random.default_rng(0).integers(0, 65535, labels.shape, dtype=np.uint16)
    # Its hull of a flat object is a warning; ours is right, and tested below.
    names = (*SAME_AS_SCIKIT_IMAGE, "orientation", "euler_number", "area_convex")

    ours = measure(labels, picture[:, :, np.newaxis], None)
    theirs = regionprops_table(labels, picture, properties=(*names, "centroid", "bbox"))

    for name in SAME_AS_SCIKIT_IMAGE:
        assert ours[to_camel(name)] == pytest.approx(theirs[name], abs=1e-6), name
    assert ours["solidity"] == pytest.approx(theirs["area"] / theirs["area_convex"])
    assert ours["holeCount"] == pytest.approx(1 - theirs["euler_number"])
    for axis in range(2):
        assert ours["centroid"][:, axis] == pytest.approx(theirs[f"centroid-{axis}"])
    for side in range(4):
        assert ours["bbox"][:, side] == pytest.approx(theirs[f"bbox-{side}"])
    long = ours["eccentricity"] > 1e-3
    turned = abs(ours["orientation"] - theirs["orientation"])[long]
    assert np.minimum(turned, math.pi - turned) == pytest.approx(0, abs=1e-6)
