"""The failure matrix in its short form: every row, with small numbers (S3, Q2, Q3).

The long form, `make faults`, plays the same rows with the numbers that are promised.
"""

import pytest

from tests.faults.matrix import Row, all_rows, play
from tests.faults.plant import Plant

#: One plant for all of them.
pytestmark = pytest.mark.xdist_group("faults")


@pytest.mark.parametrize("each", all_rows(), ids=lambda each: f"row {each.number}: {each.title}")
def test_the_matrix(plant: Plant, each: Row) -> None:
    entry = play(plant, each)

    if entry.waits_for:
        pytest.skip(entry.waits_for)
    counts = (entry.lost, entry.double, entry.stuck, entry.overlaps)
    assert (counts, entry.complaints) == ((0, 0, 0, 0), [])
    assert entry.injected > 0
