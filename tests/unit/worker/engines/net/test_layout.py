import numpy as np
import pytest

from worker.engines.net import layout
from worker.engines.net.layout import directions, pixels_of, sigmoid, softplus, turned_back


def test_the_pixels_of_a_square_go_row_by_row():
    squares = np.arange(4, dtype=np.float32).reshape(4, 1, 1).repeat(2, axis=2)

    assert pixels_of(squares).tolist() == [[0, 1, 0, 1], [2, 3, 2, 3]]


def test_rays_go_all_around_and_begin_to_the_right():
    rays = directions()

    assert rays[0] == pytest.approx([0, 1])
    assert rays[8] == pytest.approx([1, 0], abs=1e-6)
    assert np.hypot(*rays.T) == pytest.approx(1)
    assert rays.sum(axis=0) == pytest.approx([0, 0], abs=1e-5)


def test_large_values_do_not_overflow():
    with np.errstate(over="raise"):
        assert softplus(np.float32([-90, 0, 90])) == pytest.approx([0, np.log(2), 90])
        assert sigmoid(np.float32([-90, 0, 90])) == pytest.approx([0, 0.5, 1])


def test_an_answer_upside_down_is_turned_back():
    """Of an object's rays to the right and down, to its middle, and of pixels."""
    answer = np.zeros((layout.CHANNELS, 2, 3), np.float32)
    answer[layout.PEAK, 0, 0] = 1
    answer[layout.DISTANCES][0, 0, 0] = 5
    answer[layout.DISTANCES][8, 0, 0] = 7
    answer[layout.MIDDLE][:, 0, 0] = [2, 3]
    answer[layout.INSIDE][1, 0, 0] = 4

    back = turned_back(answer)

    assert back[layout.PEAK, 1, 2] == 1
    assert (back[layout.DISTANCES][16, 1, 2], back[layout.DISTANCES][24, 1, 2]) == (5, 7)
    assert back[layout.MIDDLE][:, 1, 2].tolist() == [-2, -3]
    pixels = pixels_of(answer[layout.INSIDE])
    assert np.array_equal(pixels_of(back[layout.INSIDE]), pixels[::-1, ::-1])
    assert np.array_equal(turned_back(back), answer)
