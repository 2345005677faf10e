"""`celltally export PROJECT`, against the real pages."""

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from shared.cli import celltally
from shared.commands.account import TOKEN
from shared.database.engine import Database
from shared.domain.runs import Claimant
from shared.latch import Latch
from tests.exports import unzipped
from tests.factories import MadeProject
from tests.integration.web.test_exports import project  # noqa: F401 - a fixture
from tests.integration.web.test_upload_command import address, token  # noqa: F401 - fixtures
from worker.exporting import carry_out_export

Run = Callable[..., Result]


@pytest.fixture
def run(address: str, token: str, tmp_path: Path) -> Run:  # noqa: F811
    """Return a function that runs the command, with a file of its own to write to."""

    def export(project_id: object, *options: str, formats: str = "coco,csv") -> Result:
        words = ["export", str(project_id), "--format", formats, "-o", str(tmp_path / "out.zip")]
        return CliRunner().invoke(
            celltally, [*words, "--url", address, *options], env={TOKEN: token}
        )

    return export


@pytest.fixture
def worker(services: Any) -> Iterator[None]:
    """Have somebody write what is asked for."""
    stopping = Latch()
    here = SimpleNamespace(database=services.database, storage=services.storage)

    def work() -> None:
        while not stopping.wait(0.05):
            for export_id in waiting(services.database):
                claimant = Claimant("w1", 1, 45)
                carry_out_export(here, export_id, claimant, is_timeout=lambda _: False)

    thread = Thread(target=work)
    thread.start()
    yield
    stopping.set()
    thread.join()


def waiting(database: Database) -> list[Any]:
    with database.reading() as connection:
        found = connection.execute(text("SELECT id FROM exports WHERE status = 'queued'"))
        return list(found.scalars())


@pytest.mark.usefixtures("worker")
def test_the_file_is_there_when_the_command_ends(
    run: Run,
    project: MadeProject,  # noqa: F811
    tmp_path: Path,
) -> None:
    shown = run(project.id)

    assert shown.exit_code == 0, shown.output
    found = unzipped((tmp_path / "out.zip").read_bytes())
    assert {"coco/instances.json", "tables/objects.csv"} <= set(found)
    assert "3 images" in shown.output
    assert list(tmp_path.glob("*.part")) == []


@pytest.mark.usefixtures("worker")
def test_images_are_chosen_by_status(run: Run, project: MadeProject) -> None:  # noqa: F811
    assert "2 images" in run(project.id, "--status", "segmented").output


def test_an_unknown_format_is_refused_with_the_known_ones(
    run: Run,
    project: MadeProject,  # noqa: F811
) -> None:
    shown = run(project.id, formats="docx")

    assert shown.exit_code == 1
    assert "'docx' is no format; there are coco, csv" in shown.output


def test_what_cannot_be_exported_is_said(run: Run, make_project: Any, tmp_path: Path) -> None:
    shown = run(make_project().id)

    assert shown.exit_code == 1
    assert "There is no image to export" in shown.output
    assert not (tmp_path / "out.zip").exists()
