import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pydantic.alias_generators import to_camel
from skimage.measure import regionprops_table

from shared.measuring import connect, measure
from tests.images import annulus, disk, rectangle

#: Of labels in one part or in several.
SAME_AS_SCIKIT_IMAGE = (
    *("label", "area", "area_convex", "solidity", "perimeter", "perimeter_crofton", "extent"),
    *("equivalent_diameter_area", "intensity_mean", "intensity_min", "intensity_max"),
    "intensity_std",
)
CENTRAL = [(2, 0), (1, 1), (0, 2), (3, 0), (2, 1), (1, 2), (0, 3)]


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


def both(labels):
    """Return our table and scikit-image's of the same labels and a noisy picture."""
    picture = np.random.default_rng(0).integers(0, 65535, labels.shape, dtype=np.uint16)
    names = (*SAME_AS_SCIKIT_IMAGE, "axis_major_length", "axis_minor_length", "eccentricity")
    names += ("orientation", "euler_number", "centroid", "bbox", "moments_central")
    with warnings.catch_warnings():
        # It warns of hulls of flat objects, which qhull refuses, and answers 0 for them.
        warnings.simplefilter("ignore", UserWarning)
        theirs = regionprops_table(labels, picture, properties=names)
    return measure(labels, picture[:, :, np.newaxis], None), theirs


def is_same(ours, theirs, *, within=1e-9):
    return ours == pytest.approx(theirs, rel=within, abs=within)


@settings(max_examples=50, deadline=None)
@given(small_labels)
def test_every_number_that_scikit_image_has_is_the_same(labels):
    """Whether an object is in one part or in several, has holes, or touches the border (E4)."""
    ours, theirs = both(labels)
    flat = theirs["area_convex"] == 0

    for name in SAME_AS_SCIKIT_IMAGE:
        judged = ~flat if name in ("area_convex", "solidity") else slice(None)
        assert is_same(ours[to_camel(name)][judged], theirs[name][judged]), name
    for axis in range(2):
        assert is_same(ours["centroid"][:, axis], theirs[f"centroid-{axis}"])
    for side in range(4):
        assert ours["bbox"][:, side].tolist() == theirs[f"bbox-{side}"].tolist()
    for p, q in CENTRAL:
        assert is_same(ours[f"momentsCentral-{p}-{q}"], theirs[f"moments_central-{p}-{q}"])

    # As far as roots of differences go.
    for name in ("axis_major_length", "axis_minor_length", "eccentricity"):
        assert is_same(ours[to_camel(name)], theirs[name], within=1e-6), name
    long = ours["eccentricity"] > 1e-3
    turned = abs(ours["orientation"] - theirs["orientation"])[long]
    assert np.minimum(turned, math.pi - turned) == pytest.approx(0, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(small_labels)
def test_holes_are_counted_in_objects_of_one_part(drawn):
    labels, _ = connect(drawn)

    ours, theirs = both(labels)

    assert ours["holeCount"].tolist() == (1 - theirs["euler_number"]).tolist()


@settings(max_examples=30, deadline=None)
@given(small_labels)
def test_feret_diameters_are_those_of_all_corners_and_all_directions_of_edges(drawn):
    """(E2) By looking at everything there is, which is slow."""
    labels, _ = connect(drawn)

    ours = measure(labels, no_picture(labels), None)

    for place, label in enumerate(ours["label"]):
        largest, smallest = slow_feret(labels == label)
        assert is_same(ours["feretDiameterMax"][place], largest)
        assert is_same(ours["feretDiameterMin"][place], smallest)


def slow_feret(mask):
    down, along = np.argwhere(mask).T
    places = down + 1j * along
    corners = np.unique([places + step for step in (0, 1, 1j, 1 + 1j)])
    # Of the many steps that are the same, one says as much as all.
    steps = np.unique(corners[:, np.newaxis] - corners)
    steps = steps[steps != 0]
    # The narrowest pair of lines lies along an edge of the hull, so between two of the corners.
    heights = np.outer(corners, (steps / abs(steps)).conj()).imag
    return abs(steps).max(), np.ptp(heights, axis=0).min()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_feret_diameters_of_round_and_ragged_objects_are_those_of_a_slow_look(seed):
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:40, :40] - 20
    angle = random.uniform(0, math.pi)
    along, across = (
        y * math.cos(angle) + x * math.sin(angle),
        x * math.cos(angle) - y * math.sin(angle),
    )
    inside = (along / random.uniform(2, 19)) ** 2 + (across / random.uniform(2, 19)) ** 2 <= 1
    labels, _ = connect((inside & (random.random(inside.shape) > 0.1)).astype(np.uint32))

    ours = measure(labels, no_picture(labels), None)

    place = ours["area"].argmax()
    largest, smallest = slow_feret(labels == ours["label"][place])
    assert is_same(ours["feretDiameterMax"][place], largest)
    assert is_same(ours["feretDiameterMin"][place], smallest)


def test_large_numbers_far_from_the_origin_keep_their_digits():
    """Moments of an object of 500 x 1,000 pixels at the far corner of a large picture."""
    labels = np.zeros((6000, 6000), np.uint32)
    labels[5400:5900, 4900:5900] = 1

    found = measured(labels)

    assert found["centroid"].tolist() == [5649.5, 5399.5]
    assert is_same(found["momentsCentral-2-0"], 1000 * 500 * (500**2 - 1) / 12)
    assert is_same(found["momentsCentral-0-2"], 500 * 1000 * (1000**2 - 1) / 12)
    assert found["momentsCentral-1-1"] == pytest.approx(0, abs=1e-3)


def test_the_spread_of_a_bright_even_object_is_not_lost_in_its_brightness():
    labels = rectangle(10, 10)
    picture = np.full((*labels.shape, 1), 65_000, np.uint16)
    picture[::2] += 1

    table = measure(labels, picture, None)

    assert table["intensityStd"].tolist() == [0.5]
    assert table["intensitySum"].tolist() == [6_500_050]


def test_spheroids_have_the_volume_of_a_sphere_and_are_spherical():
    plain, scaled = measured(disk(50, side=121)), measured(disk(50, side=121), 2.0)

    assert plain["sphereVolume"] == pytest.approx(4 / 3 * math.pi * 50**3, rel=0.02)
    assert scaled["sphereVolumeUm3"] == pytest.approx(8 * plain["sphereVolume"])
    assert plain["sphericity"] == pytest.approx(math.sqrt(plain["circularity"]))
    assert plain["sphericity"] > 0.99
