"""How values are distributed: nothing is counted twice, and nothing is hidden."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shared.measuring.distribution import distribution_of


@given(
    arrays(np.float32, st.integers(1, 3000), elements=st.floats(-1e6, 1e6, width=32)),
    st.integers(1, 60),
)
def test_every_value_is_in_one_bin_or_beside_them(values: np.ndarray, bins: int) -> None:
    found = distribution_of(values, bins)

    assert found is not None
    assert found.count == len(values) == sum(found.counts) + found.below + found.above
    assert len(found.edges) == len(found.counts) + 1
    assert found.edges == sorted(set(found.edges))
    assert found.minimum <= found.q25 <= found.median <= found.q75 <= found.maximum


def test_whole_numbers_have_bins_of_whole_numbers() -> None:
    found = distribution_of(np.array([0, 1, 1, 2, 5]), 40)

    assert found is not None
    assert found.edges == [-0.5, 0.5, 1.5, 2.5, 3.5, 4.5, 5.5]
    assert found.counts == [1, 2, 1, 0, 0, 1]


def test_a_few_giants_do_not_hide_all_others() -> None:
    found = distribution_of(np.append(np.linspace(0.1, 10.3, 5000), 1e6), 40)

    assert found is not None
    assert found.maximum == 1e6
    assert found.edges[-1] < 11
    assert found.above >= 1


def test_gaps_are_left_out() -> None:
    found = distribution_of(np.array([1.5, np.nan, np.inf, 2.5]), 4)

    assert found is not None
    assert (found.count, found.mean, found.std) == (2, 2.0, pytest.approx(0.7071, abs=1e-4))


@pytest.mark.parametrize("values", [[], [np.nan, np.nan]])
def test_of_nothing_there_is_no_distribution(values: list[float]) -> None:
    assert distribution_of(np.array(values), 10) is None


def test_one_value_is_a_distribution() -> None:
    found = distribution_of(np.array([2.5]), 3)

    assert found is not None
    assert (found.counts, found.std) == ([0, 1, 0], None)
