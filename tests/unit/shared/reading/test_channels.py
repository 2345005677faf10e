"""Which channels an engine is shown."""

import numpy as np
import pytest

from shared.domain.errors import RejectedFileError
from shared.reading import chosen_channels

PIXELS = np.arange(24).reshape(2, 4, 3)


def test_all_are_shown_unless_some_are_chosen() -> None:
    assert chosen_channels(PIXELS, None) is PIXELS


def test_the_chosen_ones_are_shown_counted_from_one() -> None:
    assert np.array_equal(chosen_channels(PIXELS, [1, 3]), PIXELS[:, :, [0, 2]])


def test_an_image_of_one_channel_leaves_no_choice() -> None:
    assert np.array_equal(chosen_channels(PIXELS[:, :, :1], [2]), PIXELS[:, :, :1])


def test_a_channel_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(RejectedFileError, match=r"segment channel 4, and this image has 3"):
        chosen_channels(PIXELS, [1, 4])
