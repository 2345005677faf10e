"""People go on working while Redis is away: only live updates and tickets need it (Q2, S3)."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.config import Settings
from shared.database.engine import Database
from tests.browsers import Browser, browser_of
from tests.factories import Account, insert_engine
from tests.integration.web.answers import form_of
from web.app import create_app
from web.services import services_from


@pytest.fixture
def client(
    tmp_path: Path, database_url: str, alice: Account, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Browser]:
    """Alice's browser at a web process whose Redis cannot be reached; limits count there, too."""
    monkeypatch.setenv("CELLTALLY_HOME", str(tmp_path))
    monkeypatch.setenv("CELLTALLY_SECRET_KEY", "x" * 40)
    monkeypatch.setenv("CELLTALLY_DATABASE_URL", database_url)
    monkeypatch.setenv("CELLTALLY_REDIS_URL", f"unix://{tmp_path / 'nobody.sock'}?db=0")
    monkeypatch.delitem(sys.modules, "celeryconfig", raising=False)  # It reads the environment.
    services = services_from(Settings.from_environment())
    try:
        yield browser_of(create_app(services), alice)
    finally:
        services.inspector.close()
        services.database.close()
        del sys.modules["celeryconfig"]  # Nobody else is to find this one.


def test_an_upload_a_request_a_cancel_and_an_export_are_taken(
    client: Browser, database: Database, make_project: Any, drawn_image: Any
) -> None:
    insert_engine(database)
    project = make_project()
    address = f"/api/v1/projects/{project.id}"

    uploaded = client.post(f"{address}/images", data=form_of(("a.png", drawn_image())))
    segmented = client.post(f"{address}/segment", json={"engine": "classical"})
    cancelled = client.post(f"{address}/cancel")
    exported = client.post(f"{address}/exports", json={"formats": ["csv"]})

    answers = (uploaded, segmented, cancelled, exported)
    assert [answer.status_code for answer in answers] == [201, 202, 200, 202]
    assert segmented.json["stats"]["queuedCount"] == 1
    assert cancelled.json["stats"]["uploadedCount"] == 1
