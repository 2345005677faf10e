import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shared.measuring import measure


def measured(labels, pixel_size_um=None):
    labels = np.asarray(labels, np.uint32)
    return measure(labels, np.zeros((*labels.shape, 1), np.uint8), pixel_size_um)


def test_objects_that_touch_by_an_edge_or_a_corner_are_neighbours():
    table = measured([[1, 2, 0, 0], [0, 0, 3, 0], [0, 0, 0, 0], [4, 0, 0, 0]])

    assert table["neighbourCount"].tolist() == [1, 2, 1, 0]


def test_two_that_touch_at_many_places_are_one_neighbour_each():
    table = measured([[1, 2, 1], [2, 1, 2], [1, 2, 1]])

    assert table["neighbourCount"].tolist() == [1, 1]


def test_the_nearest_neighbour_is_by_centroids_and_in_micrometres_too():
    table = measured([[1, 0, 0, 2, 0, 0, 0, 0, 3]], 0.5)

    assert table["nearestNeighbourDistance"].tolist() == [3, 3, 5]
    assert table["nearestNeighbourDistanceUm"].tolist() == [1.5, 1.5, 2.5]


def test_the_only_object_has_no_neighbour():
    table = measured([[0, 1, 0]])

    assert table["neighbourCount"].tolist() == [0]
    assert math.isnan(table["nearestNeighbourDistance"][0])


def test_an_island_in_a_ring_with_the_same_centre_is_at_no_distance():
    labels = np.ones((5, 5), np.uint32)
    labels[1:4, 1:4], labels[2, 2] = 0, 2

    assert measured(labels)["nearestNeighbourDistance"].tolist() == [0, 0]


@settings(max_examples=60, deadline=None)
@given(
    arrays(np.uint32, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(0, 4))
)
def test_neighbours_are_those_that_a_look_at_each_pixel_finds(labels):
    height, width = labels.shape
    touching = {
        (labels[y, x], labels[v, u])
        for y in range(height)
        for x in range(width)
        for v in range(max(0, y - 1), min(height, y + 2))
        for u in range(max(0, x - 1), min(width, x + 2))
        if labels[y, x] and labels[v, u] and labels[y, x] != labels[v, u]
    }

    table = measured(labels)

    expected = [sum(one == label for one, _ in touching) for label in table["label"]]
    assert table["neighbourCount"].tolist() == expected
