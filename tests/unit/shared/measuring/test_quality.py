import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from shared.measuring.quality import focus, saturated_share
from tests.images import disk, photographed

FIELD = sum(np.roll(disk(9, side=400), (y, x), (0, 1)) for y, x in [(0, 0), (90, 60), (-120, 40)])


def seen(blur=0.0, *, light=6000, noise=30):
    """Return the field as a camera sees it through a lens that is out of focus by *blur*."""
    blurred = gaussian_filter(FIELD.astype(np.float64), blur) if blur else FIELD.astype(np.float64)
    random = np.random.default_rng(3)
    picture = 500 + light * blurred + noise * random.normal(size=FIELD.shape)
    return picture.clip(0, 65535).astype(np.uint16)[:, :, np.newaxis]


def test_the_more_it_is_blurred_the_less_sharp_it_is():
    values = [focus(seen(blur)) for blur in (0, 2, 4, 8)]

    assert values == sorted(values, reverse=True)
    assert values[0] > 3 * values[2]


def test_contrast_and_bit_depth_do_not_matter():
    whole = seen(noise=0)
    eight = (whole // 64).astype(np.uint8)

    assert focus(eight) == pytest.approx(focus(whole), rel=0.02)
    assert focus(seen(light=3000, noise=0)) == pytest.approx(focus(whole), rel=0.01)


def test_a_large_image_is_judged_by_squares_spread_over_it():
    one = seen()
    assert focus(np.tile(one, (8, 8, 1))) == pytest.approx(focus(one), rel=0.2)


@pytest.mark.parametrize("value", [0, np.nan, np.inf])
def test_an_image_of_one_value_or_of_none_has_no_focus(value):
    assert focus(np.full((20, 20, 1), value, np.float32)) is None


def test_the_smallest_image_has_a_focus_or_none_and_no_error():
    assert focus(np.zeros((1, 1, 1))) is None
    assert saturated_share(np.zeros((1, 1, 3))) == 0


def test_pixels_at_the_highest_value_are_saturated_wherever_that_is():
    picture = np.arange(100, dtype=np.uint16).reshape(10, 10)[:, :, np.newaxis]
    twelve_bits = picture.copy()
    twelve_bits[:2] = 4095

    assert saturated_share(picture) == 0.01
    assert saturated_share(twelve_bits) == 0.2


def test_the_worst_channel_counts_and_a_flat_one_does_not():
    picture = np.dstack([np.full((10, 10), 3), np.arange(100).reshape(10, 10)])
    picture[0, :, 1] = 200

    assert saturated_share(picture) == 0.1


def test_a_photograph_is_not_saturated():
    assert saturated_share(photographed(disk(30, side=101))) < 0.001


def test_gaps_in_a_picture_of_floats_are_not_bright():
    picture = np.full((10, 10, 1), np.nan)
    picture[0, 0], picture[1, 1] = 1, 2

    assert saturated_share(picture) == 0.01
