"""Steps that engines share."""

import numpy as np
import pytest

from worker.engines.regions import large_ones


@pytest.mark.parametrize("reuse", [False, True])
def test_small_objects_go_and_what_was_given_stays_unless_it_may_be_reused(reuse):
    labels = np.array([[1, 0, 2, 2], [0, 0, 2, 0], [3, 3, 0, 0]], np.uint32)
    given = labels.copy()

    kept = large_ones(given, 2, reuse=reuse)

    assert kept.tolist() == [[0, 0, 1, 1], [0, 0, 1, 0], [2, 2, 0, 0]]
    assert (given.tolist() == labels.tolist()) != reuse
