import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shared.measuring import connect, outlines
from tests.images import annulus, disk, rectangle

labels_of_any_kind = arrays(
    np.uint32, st.tuples(st.integers(1, 14), st.integers(1, 14)), elements=st.integers(0, 2)
)


def area(ring):
    x, y = np.array(ring).T
    return (x @ np.roll(y, -1) - np.roll(x, -1) @ y) / 2


def directions(ring):
    steps = np.roll(ring, -1, axis=0) - np.array(ring)
    return np.sign(steps)


def test_a_rectangle_has_four_corners_clockwise_from_the_upper_left():
    (outline,) = outlines(rectangle(20, 40))

    assert outline.polygon == [[10, 10], [50, 10], [50, 30], [10, 30]]
    assert outline.holes == []


def test_an_annulus_has_one_outline_with_one_hole():
    labels = annulus(20, 8, side=51)

    (outline,) = outlines(labels)

    assert len(outline.holes) == 1
    assert area(outline.polygon) + area(outline.holes[0]) == labels.sum()


def test_a_nested_island_is_an_object_of_its_own():
    labels = annulus(20, 12, side=51) + 2 * disk(4, side=51)

    ring, island = outlines(labels)

    assert (ring.label, len(ring.holes)) == (1, 1)
    assert (island.label, island.holes) == (2, [])
    assert area(island.polygon) == (labels == 2).sum()


def test_neighbours_share_their_edge():
    left, right = outlines(np.array([[1, 2]], np.uint32))

    assert left.polygon == [[0, 0], [1, 0], [1, 1], [0, 1]]
    assert right.polygon == [[1, 0], [2, 0], [2, 1], [1, 1]]


def test_pixels_that_meet_at_a_corner_are_two_parts():
    found = outlines(np.array([[1, 0], [0, 1]], np.uint32))

    assert [outline.label for outline in found] == [1, 1]


def test_a_pocket_closed_by_a_corner_is_a_hole_so_that_no_ring_meets_itself():
    labels = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 0]], np.uint32)

    (outline,) = outlines(labels)

    assert len(outline.holes) == 1
    assert len({tuple(corner) for corner in outline.polygon}) == len(outline.polygon)


def test_nothing_has_no_outline():
    assert outlines(np.zeros((4, 4), np.uint32)) == []


@settings(max_examples=200, deadline=None)
@given(labels_of_any_kind)
def test_the_polygon_less_its_holes_is_exactly_the_pixels(labels):
    areas: dict[int, float] = {}
    for outline in outlines(labels):
        rings = [outline.polygon, *outline.holes]
        areas[outline.label] = areas.get(outline.label, 0) + sum(area(ring) for ring in rings)

        assert area(outline.polygon) > 0
        assert all(area(hole) < 0 for hole in outline.holes)

    numbers, pixels = np.unique(labels[labels > 0], return_counts=True)
    assert areas == dict(zip(numbers.tolist(), pixels.tolist(), strict=True))


@settings(max_examples=200, deadline=None)
@given(labels_of_any_kind)
def test_rings_are_simple_and_have_no_corner_to_spare(labels):
    for outline in outlines(labels):
        for ring in (outline.polygon, *outline.holes):
            steps = directions(ring)

            assert len({tuple(corner) for corner in ring}) == len(ring)
            assert (abs(steps).sum(axis=1) == 1).all()
            assert (steps != np.roll(steps, -1, axis=0)).any(axis=1).all()


@settings(max_examples=100, deadline=None)
@given(labels_of_any_kind)
def test_connected_labels_have_one_outline_each(drawn):
    labels, _ = connect(drawn)

    assert [outline.label for outline in outlines(labels)] == list(range(1, labels.max() + 1))
