"""A whole celltally in a temporary home, started by `celltally up` and gone afterwards."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

from shared.config import PREFIX
from shared.domain.errors import UnavailableError
from shared.servers.addresses import read_published
from shared.supervision.orphans import end_supervised_processes
from shared.supervision.ports import LOCAL
from shared.supervision.spawning import Surroundings, signal_group, spawn

_PORTS = ("WEB_PORT", "RELAY_PORT", "FLOWER_PORT")
_READY_SECONDS = 90.0
_STOP_SECONDS = 45.0
_LAST_LINES = 15


@contextmanager
def whole_system(home: Path | None = None, **settings: str) -> Iterator[str]:
    """Start everything of the Procfile as `celltally up` does; lend the address of the pages.

    *home* is an empty folder of the caller's; without one it is a temporary one.
    *settings* are those of `shared.config` by their names, such as `rate_limits="off"`.
    Afterwards no process and no folder of it is left, however the block ended.
    """
    home = home or Path(mkdtemp(prefix="celltally-demo-"))
    try:
        yield from _running(home, settings)
    finally:
        end_supervised_processes(home, grace=5)
        _remove(home)


def _running(home: Path, settings: Mapping[str, str]) -> Iterator[str]:
    log = home / "up.log"
    with log.open("wb") as output:
        process = spawn(
            [sys.executable, "-m", "shared.cli", "up", "--no-demo-account"],
            death_signal=signal.SIGTERM,
            output=output,
            surroundings=Surroundings(environment=_environment(home, settings)),
        )
    try:
        yield _address(home, process, log)
    finally:
        _stop(process)


def _environment(home: Path, settings: Mapping[str, str]) -> Mapping[str, str]:
    """Return an environment in which nothing points to a system that somebody uses."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
    ports = {PREFIX + name: str(port) for name, port in zip(_PORTS, _free_ports(), strict=True)}
    given = {PREFIX + name.upper(): value for name, value in settings.items()}
    return {**inherited, **ports, **given, f"{PREFIX}HOME": str(home)}


def _free_ports() -> list[int]:
    """Return ports that nobody listens on; held together, so that none comes twice."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in _PORTS]
        for probe in probes:
            probe.bind((LOCAL, 0))
        return [probe.getsockname()[1] for probe in probes]


def _address(home: Path, process: "subprocess.Popen[bytes]", log: Path) -> str:
    """Wait until everything answers; return where the pages are."""
    deadline = time.monotonic() + _READY_SECONDS
    while (published := read_published(home)) is None or "web" not in published:
        if process.poll() is not None:
            raise _failed("celltally up ended instead of getting ready", log)
        if time.monotonic() > deadline:
            raise _failed(f"celltally up was not ready within {_READY_SECONDS:g} s", log)
        time.sleep(0.1)
    return published["web"]


def _failed(what: str, log: Path) -> UnavailableError:
    last = log.read_text(errors="replace").splitlines()[-_LAST_LINES:]
    lines = "\n".join(f"  {line}" for line in last)
    return UnavailableError(f"{what}. Its last lines:\n{lines}\nTry `celltally doctor`.")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Stop `celltally up` as Ctrl-C does; kill it when that takes too long."""
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        signal_group(process.pid, signal.SIGKILL)
        process.wait()


def _remove(home: Path) -> None:
    data = home / "postgresql"
    if data.is_symlink():  # Where user namespaces are refused, the data lies outside the home.
        shutil.rmtree(data.readlink().parent, ignore_errors=True)
    with suppress(FileNotFoundError):
        shutil.rmtree(home)
