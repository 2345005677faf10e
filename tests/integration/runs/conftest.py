"""People who queue."""

from uuid import UUID

import pytest

from tests.integration.lab import Lab


@pytest.fixture
def ada(lab: Lab) -> UUID:
    """Somebody in a house with an engine and a worker of two slots."""
    lab.engine()
    lab.worker(slots=2)
    return lab.user("Ada")


@pytest.fixture
def bob(lab: Lab) -> UUID:
    return lab.user("Bob")
