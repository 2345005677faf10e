"""Overlays: the picture, the outlines, the bar (E5)."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from shared.exporting.overlay import BAR_COLOUR, LONGEST_SIDE, OUTLINE_COLOUR, bar_length_um
from tests.exports import exported, stored_image
from tests.images import encoded


def overlay(storage, labels, **options):
    picture = np.full(labels.shape, 40, np.uint8)
    image = stored_image(storage, labels, original=encoded(picture), **options)
    content = exported([image], "overlay")["overlay/well.png"]
    return np.asarray(Image.open(BytesIO(content)))


def square(side=400):
    labels = np.zeros((side, side), np.uint32)
    labels[100:200, 100:200] = 1
    return labels


def bar(picture):
    """Return how many pixels wide the longest white line is."""
    white = (picture == BAR_COLOUR).all(axis=2)
    return max(
        np.diff(np.flatnonzero(np.diff(np.pad(line, 1).astype(int)))).max(initial=0)
        for line in white[350:]
    )


def test_outlines_are_drawn_around_the_objects(storage):
    picture = overlay(storage, square())

    assert picture.shape == (400, 400, 3)
    assert (picture[150, 100] == OUTLINE_COLOUR).all()
    assert (picture[150, 150] == 40).all()


def test_the_bar_is_as_long_as_it_says(storage):
    picture = overlay(storage, square(), pixel_size_um=0.5)

    assert bar_length_um(400 * 0.5) == 20
    assert bar(picture) == pytest.approx(20 / 0.5, abs=1)


def test_without_a_pixel_size_there_is_no_bar(storage):
    assert not (overlay(storage, square()) == BAR_COLOUR).all(axis=2).any()


@pytest.mark.parametrize(
    ("width_um", "length"), [(100, 20), (99, 10), (1000, 200), (0.7, 0.1), (26, 5)]
)
def test_the_bar_is_a_round_length_of_at_most_a_fifth(width_um, length):
    assert bar_length_um(width_um) == pytest.approx(length)


def test_a_large_picture_is_made_smaller_and_its_bar_with_it(storage):
    side = 2 * LONGEST_SIDE
    labels = np.zeros((64, side), np.uint32)
    labels[10:20, 10:20] = 1

    picture = overlay(storage, labels, pixel_size_um=1.0)

    assert picture.shape[:2] == (32, LONGEST_SIDE)
