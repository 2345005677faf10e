"""`upload.mb_per_s`: one file by tus, beside `cp` and `sha256sum` of the same bytes.

Real are the web process under gunicorn, the HTTP of this machine, PostgreSQL and the storage on a
disk. Ours is the time from the creation to the answer of the last byte: received, stored durably
in parts, joined, hashed, put in its place, and committed. The file is a ZIP of a picture that does
not compress: its members are looked at later, by a worker, as the peer looks at nothing. `.image`
is the same for the picture itself, which is decoded and gets its thumbnail before the answer. The
client is httpx, in this process. The peer does not wait for the disk.
"""

import shutil
import socket
import subprocess
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import httpx
import numpy as np
import tifffile

from bench.measurement import Measurement
from bench.processes import process, wait_until
from bench.rounds import Scale, interleaved
from bench.servers import Bench, bench_servers
from shared.client.rest import RestClient
from shared.supervision.ports import LOCAL

NAMES = ("upload.mb_per_s", "upload.mb_per_s.image")

MEGABYTES = 128
_CHUNK = 1 << 20
_PEER = "cp and sha256sum"
_TUS = {"Tus-Resumable": "1.0.0"}
_number = count(1)


def run(scale: Scale) -> Iterator[Measurement]:
    """Upload and copy the same files, in turns."""
    with bench_servers() as bench:
        picture, archive = _files(bench.home / "sources", scale.of(MEGABYTES))
        with _web(bench) as address, RestClient(address) as rest:
            rest.sign_up(email="bench@example.org", password="bench-horse-7", name="Bench")  # noqa: S106
            project_id = rest.create_project("Bench")["id"]
            ours, of_picture, peer = interleaved(
                scale,
                lambda: _upload(bench, rest, project_id, archive),
                lambda: _upload(bench, rest, project_id, picture),
                lambda: _copy(bench, archive),
            )
    yield Measurement("upload.mb_per_s", ours, "MB/s", _PEER, peer)
    yield Measurement("upload.mb_per_s.image", of_picture, "MB/s", _PEER, peer)


def _files(folder: Path, megabytes: int) -> tuple[Path, Path]:
    """Write a picture that does not compress, and a ZIP of it."""
    folder.mkdir()
    picture, archive = folder / "noise.tif", folder / "noise.zip"
    noise = np.random.default_rng(1).integers(0, 1 << 16, (megabytes * 500, 1000), np.uint16)
    tifffile.imwrite(picture, noise)
    with ZipFile(archive, "w", ZIP_STORED) as packed:
        packed.write(picture, picture.name)
    return picture, archive


@contextmanager
def _web(bench: Bench) -> Iterator[str]:
    """Run the web process as `celltally web` does; lend its address."""
    with socket.socket() as probe:
        probe.bind((LOCAL, 0))
        port = probe.getsockname()[1]
    address = f"http://{LOCAL}:{port}"
    server = ["-k", "gthread", "-w", "1", "--threads", "24", "-b", f"{LOCAL}:{port}"]
    with process(bench, "gunicorn", "--no-control-socket", *server, "web.wsgi:web_app()"):
        wait_until(lambda: _answers(address), "the pages answer", seconds=60)
        yield address


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz", trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _upload(bench: Bench, rest: RestClient, project_id: str, path: Path) -> float:
    """Return the megabytes a second with which the file came in; none comes twice."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(next(_number).to_bytes(8))
    size = path.stat().st_size
    metadata = {"filename": path.name, "projectId": project_id}
    written = ",".join(f"{k} {b64encode(v.encode()).decode()}" for k, v in metadata.items())
    began = time.perf_counter()
    made = rest.exchange(
        "POST",
        "/api/v1/uploads",
        headers={**_TUS, "Upload-Length": str(size), "Upload-Metadata": written},
    )
    rest.exchange(
        "PATCH",
        made["Location"],
        headers={
            **_TUS,
            "Upload-Offset": "0",
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(size),
        },
        content=_pieces(path),
    )
    seconds = time.perf_counter() - began
    for folder in ("images", "ingests"):  # Nobody looks at them again, and disks are small.
        shutil.rmtree(bench.home / "files" / folder, ignore_errors=True)
    return size / 1e6 / seconds


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            yield piece


def _copy(bench: Bench, path: Path) -> float:
    target = bench.home / "copy"
    began = time.perf_counter()
    subprocess.run(["cp", str(path), str(target)], check=True)  # noqa: S607
    subprocess.run(["sha256sum", str(target)], check=True, capture_output=True)  # noqa: S607
    seconds = time.perf_counter() - began
    target.unlink()
    return path.stat().st_size / 1e6 / seconds
