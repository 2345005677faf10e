"""Ada's office: a project of hers, and a place for files."""

from pathlib import Path

import pytest

from shared.storage import open_storage
from tests.integration.exports.office import Office
from tests.integration.lab import Lab


@pytest.fixture
def office(lab: Lab, tmp_path: Path) -> Office:
    ada = lab.user("Ada")
    return Office(lab, open_storage(tmp_path.as_uri()), ada, lab.project(ada))
