"""One plant for all rows of the short form; slow rows that touch no other are played aside."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.faults.ledger import Entry
from tests.faults.matrix import all_rows, play
from tests.faults.plant import Plant, running_plant

#: Short, so that the loss of a worker is over in seconds.
LEASE_SECONDS = 3

#: They wait for most of their time, with workers of their own, and need servers that stay.
ASIDE = ("12b", "23")


@pytest.fixture(scope="package")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    with running_plant(tmp_path_factory.mktemp("plant"), lease_seconds=LEASE_SECONDS) as plant:
        yield plant


@pytest.fixture(scope="package")
def played_aside(plant: Plant) -> Iterator[dict[str, Future[Entry]]]:
    """The rows of ASIDE, one after the other, beside those that the tests play meanwhile."""
    rows = [each for each in all_rows() if each.number in ASIDE]
    with ThreadPoolExecutor(1) as thread:
        yield {each.number: thread.submit(play, plant, each) for each in rows}
