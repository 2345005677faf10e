"""`celltally upload DIR`, against the real pages."""

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from werkzeug.serving import make_server

from shared.cli import celltally
from shared.client import uploading
from shared.client.rest import RestClient
from shared.client.uploading import LocalFile
from shared.commands.account import TOKEN
from shared.database.engine import Database
from shared.domain.accounts import Account
from tests.browsers import browser_of
from tests.factories import insert_engine
from tests.integration.interleaving import until
from tests.integration.web.tus import metadata

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


def test_a_killed_upload_is_gone_on_with_in_the_middle_of_a_file(
    upload: Callable[..., Result],
    client: RestClient,
    tmp_path: Path,
    drawn_image: Draw,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, content = tmp_path / "pictures" / "deep" / "a.png", drawn_image()
    path.parent.mkdir()
    path.write_bytes(content)
    monkeypatch.setattr(uploading, "SMALL", 0)
    monkeypatch.setattr(uploading, "_CHUNK", 100)
    sent: list[int] = []
    real = LocalFile.open_at

    def killed(file: LocalFile, offset: int) -> Iterator[bytes]:
        for piece in real(file, offset):
            sent.append(offset)
            if len(sent) == 3:
                raise KeyboardInterrupt
            yield piece

    monkeypatch.setattr(LocalFile, "open_at", killed)
    first = upload()
    monkeypatch.setattr(LocalFile, "open_at", real)
    project = client.project_called("Plate 7")
    assert project is not None
    project_id = project["id"]
    until(lambda: client.unfinished_uploads(project_id)[0]["offset"] > 0)
    [begun] = client.unfinished_uploads(project_id)

    second = upload()

    assert first.exit_code == 1
    assert begun["relativePath"] == "deep/a.png"
    assert 0 < begun["offset"] < len(content)
    assert second.exit_code == 0, second.output
    assert "1 added, 0 known already, 0 refused" in second.output
    [image] = client.images(project["id"])
    assert image["sha256"] == sha256(content).hexdigest()
    assert client.unfinished_uploads(project["id"]) == []


def test_a_file_that_changed_meanwhile_begins_anew(
    upload: Callable[..., Result], client: RestClient, tmp_path: Path, drawn_image: Draw
) -> None:
    path = tmp_path / "pictures" / "a.png"
    path.write_bytes(drawn_image())
    project = client.create_project("Plate 7")
    file = LocalFile.of(path, path.parent)
    headers = {
        "Tus-Resumable": "1.0.0",
        "Upload-Length": str(file.size),
        "Upload-Metadata": metadata(
            filename="a.png", projectId=project["id"], lastModified=str(file.modified - 1)
        ),
    }
    client.exchange("POST", "/api/v1/uploads", headers=headers)

    assert "1 added, 0 known already, 0 refused" in upload().output


def test_what_is_known_is_not_sent(
    upload: Callable[..., Result],
    tmp_path: Path,
    drawn_image: Draw,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "pictures" / "a.png").write_bytes(drawn_image())
    upload()
    monkeypatch.setattr(uploading, "SMALL", 0)
    monkeypatch.setattr(LocalFile, "open_at", lambda *_: pytest.fail("it was sent"))

    shown = upload()

    assert "0 added, 1 known already, 0 refused" in shown.output
