"""A storage for what is exported."""

import pytest

from shared.storage import Storage, open_storage


@pytest.fixture
def storage() -> Storage:
    return open_storage("memory:///")
