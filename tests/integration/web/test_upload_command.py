"""`celltally upload DIR`, against the real pages."""

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from werkzeug.serving import make_server

from shared.cli import celltally
from shared.client.rest import RestClient
from shared.commands.upload import TOKEN
from shared.database.engine import Database
from shared.domain.accounts import Account
from tests.browsers import browser_of
from tests.factories import insert_engine

Draw = Callable[..., bytes]


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The pages, on a port."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def token(app: Flask, alice: Account) -> str:
    made = browser_of(app, alice).post("/api/v1/auth/tokens", json={"name": "upload"})
    assert made.json is not None
    token: str = made.json["token"]
    return token


@pytest.fixture
def upload(address: str, token: str, tmp_path: Path) -> Callable[..., Result]:
    """Return a function that runs the command on the folder `pictures`."""
    (tmp_path / "pictures").mkdir()

    def run(*options: str, token: str = token) -> Result:
        arguments = ["upload", str(tmp_path / "pictures"), "--project", "Plate 7", "--url", address]
        return CliRunner().invoke(celltally, [*arguments, *options], env={TOKEN: token})

    return run


@pytest.fixture
def client(address: str, token: str) -> Iterator[RestClient]:
    with RestClient(address, token=token) as client:
        yield client


def test_a_folder_becomes_a_project_with_its_images(
    upload: Callable[..., Result], client: RestClient, tmp_path: Path, drawn_image: Draw
) -> None:
    for name in ("a.png", "deep/b.png"):
        path = tmp_path / "pictures" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(drawn_image())

    shown = upload()

    assert shown.exit_code == 0, shown.output
    assert "2 added, 0 known already, 0 refused" in shown.output
    project = client.project_called("Plate 7")
    assert project is not None
    names = {image["filename"] for image in client.images(project["id"])}
    assert names == {"a.png", "b.png"}


def test_running_it_again_adds_only_what_is_new(
    upload: Callable[..., Result], client: RestClient, tmp_path: Path, drawn_image: Draw
) -> None:
    (tmp_path / "pictures" / "a.png").write_bytes(drawn_image())
    upload()
    (tmp_path / "pictures" / "b.png").write_bytes(drawn_image())

    shown = upload()

    assert "1 added, 1 known already, 0 refused" in shown.output
    assert client.project_called("Plate 7") is not None


def test_a_refused_file_is_named_and_the_others_are_kept(
    upload: Callable[..., Result], tmp_path: Path, drawn_image: Draw
) -> None:
    (tmp_path / "pictures" / "a.png").write_bytes(drawn_image())
    (tmp_path / "pictures" / "notes.txt").write_text("no image at all")

    shown = upload()

    assert shown.exit_code == 1
    assert "1 added, 0 known already, 1 refused" in shown.output
    assert "notes.txt: " in shown.stderr
    assert "(unsupported_format)" in shown.stderr


def test_an_engine_segments_what_was_uploaded(
    upload: Callable[..., Result], database: Database, tmp_path: Path, drawn_image: Draw
) -> None:
    insert_engine(database, "classical")
    (tmp_path / "pictures" / "a.png").write_bytes(drawn_image())

    shown = upload("--engine", "classical")

    assert shown.exit_code == 0, shown.output
    assert "1 queued for classical, 0 skipped" in shown.output


def test_a_wrong_token_is_told(upload: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "pictures" / "a.png").touch()

    shown = upload(token="wrong")

    assert shown.exit_code == 1
    assert shown.stderr.startswith("Error: ")
    assert "token" in shown.stderr
