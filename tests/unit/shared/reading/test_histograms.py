import numpy as np

from shared.reading.histograms import BARS, histogram


def counted(numbers):
    return histogram(numbers, float(numbers.min()), float(numbers.max()))


def test_every_number_of_eight_bits_has_its_own_bar():
    bars = counted(np.array([3, 3, 5, 10], np.uint8))

    assert (bars.first, bars.step) == (3, 1)
    assert bars.counts == (2, 0, 1, 0, 0, 0, 0, 1)


def test_bars_of_whole_numbers_hold_equally_many_of_them():
    """A ramp over 1,000 numbers has no bar that sticks out; only the last is not full."""
    bars = counted(np.repeat(np.arange(1000, dtype=np.uint16), 5))

    assert bars.step == 4
    assert set(bars.counts) == {20}


def test_signed_numbers_begin_at_the_least():
    bars = counted(np.array([-300, 0, 299], np.int16))

    assert (bars.first, bars.step) == (-300, 3)
    assert [place for place, count in enumerate(bars.counts) if count] == [0, 100, 199]


def test_numbers_with_a_point_fill_as_many_bars_as_there_are():
    bars = counted(np.linspace(-1, 1, 25_600, dtype=np.float16))

    assert len(bars.counts) == BARS
    assert bars.first + BARS * bars.step == 1
    assert sum(bars.counts) == 25_600


def test_one_number_alone_is_one_bar():
    assert counted(np.full(7, 2.5)).counts == (7,)
    assert counted(np.full(7, 9, np.uint8)).counts == (7,)
    assert counted(np.ones(7, np.bool_)).counts == (7,)
