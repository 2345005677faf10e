"""Drawn outlines become exactly the pixels that they enclose (E7)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shared.measuring import connect, outlines
from shared.measuring.painting import Drawing, NoPixelError, paint

SIDES = st.integers(1, 12)


def square(label: int, x: float, y: float, side: float, *holes: np.ndarray) -> Drawing:
    corners = [(x, y), (x + side, y), (x + side, y + side), (x, y + side)]
    return Drawing(label, np.array(corners, float), holes)


def drawings_of(labels: np.ndarray) -> list[Drawing]:
    return [
        Drawing(each.label, np.array(each.polygon, float), [np.array(h, float) for h in each.holes])
        for each in outlines(labels)
    ]


@settings(max_examples=200)
@given(arrays(np.uint32, st.tuples(SIDES, SIDES), elements=st.integers(0, 3)))
def test_what_was_outlined_is_painted_back_pixel_by_pixel(labels: np.ndarray) -> None:
    """Also holes, holes in holes, and objects that touch at a corner only."""
    connected, _ = connect(labels)

    painted, cut = paint(drawings_of(connected), *labels.shape)

    assert np.array_equal(painted, connected)
    assert cut == {}


@settings(max_examples=100)
@given(
    arrays(np.uint32, (9, 11), elements=st.integers(0, 3)),
    st.permutations(range(40)),
)
def test_labels_need_not_be_dense_and_their_order_says_nothing(
    labels: np.ndarray, numbers: list[int]
) -> None:
    connected, origin = connect(labels)
    names = np.array([0, *(7 * numbers[i % 40] + 1 + 300 * (i // 40) for i in range(len(origin)))])
    sparse = names[connected].astype(np.uint32)

    painted, _ = paint(drawings_of(sparse)[::-1], *labels.shape)

    assert np.array_equal(painted, sparse)


def test_a_pixel_belongs_to_what_its_centre_is_in() -> None:
    labels, _ = paint([square(1, 0.4, 0.6, 2)], 4, 4)

    assert np.argwhere(labels).tolist() == [[1, 0], [1, 1], [2, 0], [2, 1]]


def test_what_is_outside_the_image_is_cut_off() -> None:
    labels, _ = paint([square(1, -5, -5, 7), square(2, 3, 3, 1e6)], 5, 6)

    assert np.count_nonzero(labels == 1) == 4
    assert np.count_nonzero(labels == 2) == 6


@pytest.mark.parametrize(
    "nothing",
    [square(1, 20, 20, 5), square(1, -9, 2, 5), square(1, 0.6, 0.6, 0.3), square(1, 2, 2, 0)],
)
def test_a_drawing_without_a_pixel_is_named(nothing: Drawing) -> None:
    with pytest.raises(NoPixelError) as refused:
        paint([square(2, 0, 0, 2), nothing], 8, 8)

    assert refused.value.place == 1


def test_where_drawings_overlap_the_later_one_has_the_pixels() -> None:
    labels, cut = paint([square(1, 0, 0, 4), square(2, 2, 2, 4)], 8, 8)

    assert np.count_nonzero(labels == 1) == 12
    assert np.count_nonzero(labels == 2) == 16
    assert cut == {}


def test_an_object_that_is_wholly_painted_over_is_gone() -> None:
    labels, _ = paint([square(1, 1, 1, 2), square(2, 0, 0, 4)], 8, 8)

    assert np.unique(labels).tolist() == [0, 2]


def test_pieces_that_another_object_cuts_off_are_objects_and_the_largest_keeps_the_label() -> None:
    bar = Drawing(5, np.array([(0, 0), (9, 0), (9, 2), (0, 2)], float))
    labels, cut = paint([bar, square(2, 6, 0, 2)], 4, 9)

    assert np.count_nonzero(labels == 5) == 12
    assert np.count_nonzero(labels == 6) == 2
    assert cut == {6: 5}


def test_of_a_crossed_outline_the_largest_piece_is_kept() -> None:
    bow = Drawing(1, np.array([(0, 0), (10, 8), (10, 0), (0, 4)], float))

    labels, cut = paint([bow], 10, 12)

    pieces, _ = connect(labels)
    assert pieces.max() == 1
    assert cut == {}


def test_a_hole_takes_away_and_never_adds() -> None:
    around = np.array([(-2, -2), (3, -2), (3, 3), (-2, 3)], float)
    labels, _ = paint([square(1, 0, 0, 4, around)], 6, 6)

    assert np.count_nonzero(labels) == 7
    assert labels[2, 2] == 0


def test_nothing_drawn_is_an_empty_image() -> None:
    labels, cut = paint([], 3, 5)

    assert labels.shape == (3, 5)
    assert not labels.any()
    assert cut == {}


def test_a_ring_of_three_hundred_crossings_stays_even_or_odd() -> None:
    spike = [(0, 0), (4, 0), (4, 4)] + [(3, 4), (3, 0)] * 150 + [(3, 4), (0, 4)]

    labels, _ = paint([Drawing(1, np.array(spike, float))], 4, 4)

    assert np.count_nonzero(labels) == 16
