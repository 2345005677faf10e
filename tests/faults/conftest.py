"""One plant for all rows of the short form."""

from collections.abc import Iterator

import pytest

from tests.faults.plant import Plant, running_plant

#: Short, so that the loss of a worker is over in seconds.
LEASE_SECONDS = 3


@pytest.fixture(scope="package")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    with running_plant(tmp_path_factory.mktemp("plant"), lease_seconds=LEASE_SECONDS) as plant:
        yield plant
