"""People who queue, and workers that work for them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from shared.servers.addresses import ServerUrls
from tests.integration.interleaving import until
from tests.integration.lab import Lab
from tests.integration.runs.fleet import SECONDS, Fleet


@pytest.fixture
def ada(lab: Lab) -> UUID:
    """Somebody in a house with an engine and a worker of two slots."""
    lab.engine()
    lab.worker(slots=2)
    return lab.user("Ada")


@pytest.fixture
def bob(lab: Lab) -> UUID:
    return lab.user("Bob")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fleet")


@pytest.fixture(scope="module")
def fleet(lab_database: Any, servers: ServerUrls, folder: Path) -> Iterator[Fleet]:
    lab = Lab(lab_database)
    lab.forget_everything()
    fleet = Fleet(lab, f"{servers.redis.partition('?')[0]}?db=7", folder)
    fleet.install_plugin()
    fleet.shut()
    fleet.start("scheduler")
    fleet.start_worker()
    try:
        until(lambda: lab.sql("SELECT FROM engines WHERE name = 'gated'"), seconds=SECONDS)
        yield fleet
    finally:
        fleet.stop()
