"""The failure matrix in its short form: every row, with small numbers (S3, Q2, Q3).

The long form, `make faults`, plays the same rows with the numbers that are promised: there a lost
worker's lease lasts its 45 s, and the storms last minutes.
"""

from concurrent.futures import Future

import pytest

from tests.faults.conftest import ASIDE
from tests.faults.ledger import Entry
from tests.faults.matrix import Row, all_rows, play
from tests.faults.plant import Plant

#: One plant for all of them.
pytestmark = pytest.mark.xdist_group("faults")


def in_order() -> list[Row]:
    """Return the rows, those aside just before the first that restarts a server."""
    rows = all_rows()
    aside = [each for each in rows if each.number in ASIDE]
    others = [each for each in rows if each.number not in ASIDE]
    place = next(i for i, each in enumerate(others) if each.number == "9")
    return [*others[:place], *aside, *others[place:]]


@pytest.mark.parametrize("each", in_order(), ids=lambda each: f"row {each.number}: {each.title}")
def test_the_matrix(plant: Plant, played_aside: dict[str, Future[Entry]], each: Row) -> None:
    aside = played_aside.get(each.number)
    entry = aside.result() if aside else play(plant, each)

    counts = (entry.lost, entry.double, entry.stuck, entry.overlaps)
    assert (counts, entry.complaints) == ((0, 0, 0, 0), [])
    assert entry.injected > 0
