"""A tus client that is none of ours, against web processes that are killed."""

import socket
from collections.abc import Callable, Iterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
import tifffile
from flask import Flask
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

from shared.domain.accounts import Account
from shared.servers.addresses import ServerUrls
from tests.browsers import browser_of
from tests.factories import MadeProject
from tests.integration.interleaving import until
from tests.integration.web.pages import WebProcess
from tests.integration.web.tus import metadata

BYTES = 40_000_000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("web")


@pytest.fixture
def start_web(
    servers: ServerUrls, database_url: str, home: Path
) -> Iterator[Callable[[], WebProcess]]:
    """Return a function that starts a web process; all of them share database and storage."""
    started: list[WebProcess] = []
    environment = {"CELLTALLY_DATABASE_URL": database_url, "CELLTALLY_REDIS_URL": servers.redis}

    def start() -> WebProcess:
        started.append(WebProcess.start(home, environment))
        return started[-1]

    yield start
    for process in started:
        process.kill()


@pytest.fixture
def token(app: Flask, alice: Account) -> str:
    made = browser_of(app, alice).post("/api/v1/auth/tokens", json={"name": "tus"})
    written: str = made.get_json()["token"]
    return written


@pytest.fixture
def project(make_project: Callable[..., MadeProject]) -> MadeProject:
    return make_project()


@pytest.fixture
def large_file(tmp_path: Path) -> Path:
    """A picture that does not compress."""
    side = int((BYTES / 2) ** 0.5)
    noise = np.random.default_rng(7).integers(0, 1 << 16, (side, side), np.uint16)
    path = tmp_path / "large.tif"
    tifffile.imwrite(path, noise)
    return path


def rest_of(process: WebProcess, token: str) -> httpx.Client:
    return httpx.Client(
        base_url=f"{process.address}/api/v1",
        headers={"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0"},
        trust_env=False,
        timeout=60,
    )


def tus_of(process: WebProcess, token: str) -> TusClient:
    return TusClient(
        f"{process.address}/api/v1/uploads", headers={"Authorization": f"Bearer {token}"}
    )


def offset_of(process: WebProcess, token: str, path: str) -> int:
    with rest_of(process, token) as rest:
        return int(rest.head(f"{process.address}{path}").headers["Upload-Offset"])


def begin(process: WebProcess, token: str, file: Path, project: MadeProject) -> str:
    """Begin an upload and return its path."""
    headers = {
        "Upload-Length": str(file.stat().st_size),
        "Upload-Metadata": metadata(filename=file.name, projectId=str(project.id)),
    }
    with rest_of(process, token) as rest:
        path: str = rest.post("/uploads", headers=headers).headers["Location"]
        return path


def send_half(process: WebProcess, token: str, path: str, content: bytes) -> socket.socket:
    """Send half of a PATCH and keep the line open."""
    address = urlsplit(process.address)
    line = socket.create_connection((address.hostname or "", address.port or 80))
    head = (
        f"PATCH {path} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {token}\r\n"
        f"Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Length: {len(content)}\r\n"
        "Content-Type: application/offset+octet-stream\r\n\r\n"
    )
    line.sendall(head.encode() + content[: len(content) // 2])
    return line


@pytest.mark.parametrize("checksum", [False, True])
def test_a_client_of_others_uploads_in_pieces(
    start_web: Callable[[], WebProcess],
    token: str,
    project: MadeProject,
    drawn_image: Callable[..., bytes],
    checksum: bool,
) -> None:
    process, content = start_web(), drawn_image()
    uploader = tus_of(process, token).uploader(
        file_stream=BytesIO(content),
        chunk_size=100,
        metadata={"filename": "a.png", "projectId": str(project.id)},
        upload_checksum=checksum,
    )

    uploader.upload()

    with rest_of(process, token) as rest:
        [image] = rest.get(f"/projects/{project.id}/images").json()["items"]
    assert image["sha256"] == sha256(content).hexdigest()


def test_a_killed_process_is_gone_on_from_at_another(
    start_web: Callable[[], WebProcess], token: str, project: MadeProject, large_file: Path
) -> None:
    doomed, other = start_web(), start_web()
    content = large_file.read_bytes()
    path = begin(doomed, token, large_file, project)
    line = send_half(doomed, token, path, content)
    until(lambda: offset_of(other, token, path) > 0)
    doomed.kill()
    line.close()
    offset = offset_of(other, token, path)

    with large_file.open("rb") as file:
        tus_of(other, token).uploader(
            file_stream=file, url=f"{other.address}{path}", retries=40, retry_delay=1
        ).upload()

    assert 0 < offset < len(content)
    with rest_of(other, token) as rest:
        [image] = rest.get(f"/projects/{project.id}/images").json()["items"]
        kept = rest.get(f"/images/{image['id']}/content").content
    assert sha256(kept).hexdigest() == sha256(content).hexdigest() == image["sha256"]


def test_a_line_that_is_cut_keeps_what_it_brought(
    start_web: Callable[[], WebProcess], token: str, project: MadeProject, large_file: Path
) -> None:
    process, content = start_web(), large_file.read_bytes()
    path = begin(process, token, large_file, project)

    send_half(process, token, path, content).close()
    until(lambda: offset_of(process, token, path) >= len(content) // 2 - (1 << 18))

    with large_file.open("rb") as file:
        tus_of(process, token).uploader(
            file_stream=file, url=f"{process.address}{path}", retries=5, retry_delay=1
        ).upload()
    with rest_of(process, token) as rest:
        [image] = rest.get(f"/projects/{project.id}/images").json()["items"]
    assert image["sha256"] == sha256(content).hexdigest()


def test_memory_does_not_grow_with_the_file(
    start_web: Callable[[], WebProcess], token: str, project: MadeProject, tmp_path: Path
) -> None:
    process, path = start_web(), tmp_path / "nothing.tif"
    with path.open("wb") as written:
        written.truncate(200_000_000)
    before = process.peak_megabytes()

    with path.open("rb") as file, pytest.raises(TusCommunicationError) as refused:
        tus_of(process, token).uploader(
            file_stream=file, metadata={"filename": path.name, "projectId": str(project.id)}
        ).upload()

    assert refused.value.status_code == 415
    assert process.peak_megabytes() - before < 50
