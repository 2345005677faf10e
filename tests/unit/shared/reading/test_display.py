from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from shared.reading import THUMBNAIL_TYPE, thumbnail
from shared.reading.display import displayable


def opened(content):
    return Image.open(BytesIO(content))


def test_a_thumbnail_is_a_webp_of_at_most_300_pixels_a_side():
    picture = opened(thumbnail(np.zeros((600, 1200, 3), np.uint8)))

    assert picture.size == (300, 150)
    assert picture.get_format_mimetype() == THUMBNAIL_TYPE


def test_a_small_picture_is_not_enlarged():
    assert opened(thumbnail(np.zeros((20, 30, 1), np.uint16))).size == (30, 20)


def test_a_very_flat_picture_keeps_a_row():
    assert opened(thumbnail(np.zeros((1, 5000, 1), np.uint8))).size == (300, 1)


def test_eight_bits_are_shown_as_they_are():
    pixels = np.arange(100, dtype=np.uint8).reshape(10, 10, 1)

    assert np.array_equal(displayable(pixels), pixels)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32, np.int32])
def test_more_bits_are_stretched_so_that_dim_pictures_are_seen(dtype):
    pixels = np.linspace(900, 1100, 10_000).astype(dtype).reshape(100, 100, 1)

    shown = displayable(pixels)

    assert shown.dtype == np.uint8
    assert (shown.min(), shown.max()) == (0, 255)


def test_gaps_in_a_picture_of_floats_are_black():
    pixels = np.ones((4, 4, 1), np.float32)
    pixels[0, 0] = np.nan
    pixels[1, 1] = 2

    shown = displayable(pixels)

    assert shown[0, 0] == 0
    assert shown[1, 1] == 255


def test_of_two_channels_the_brighter_one_shows():
    pixels = np.zeros((10, 10, 2), np.uint16)
    pixels[2, 2, 0] = pixels[7, 7, 1] = 5000

    shown = displayable(pixels)

    assert shown.shape == (10, 10, 1)
    assert shown[2, 2] == shown[7, 7] == 255


def test_a_picture_without_contrast_is_shown_black():
    assert displayable(np.full((5, 5, 1), 700, np.uint16)).max() == 0
