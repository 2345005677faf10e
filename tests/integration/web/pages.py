"""Web processes as they are in production, that a test starts and kills."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.integration.interleaving import until

ROOT = Path(__file__).parents[3]


@dataclass
class WebProcess:
    """One `celltally web`, a process group of its own."""

    address: str
    running: "subprocess.Popen[bytes]"

    @classmethod
    def start(cls, home: Path, environment: Mapping[str, str]) -> "WebProcess":
        """Start one and wait until it answers."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with (home / f"web-{port}.log").open("ab") as log:
            running = subprocess.Popen(
                [sys.executable, "-m", "shared.cli", "web"],
                env={
                    **os.environ,
                    "CELLTALLY_HOME": str(home),
                    **environment,
                    "CELLTALLY_WEB_PORT": str(port),
                },
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        process = cls(f"http://127.0.0.1:{port}", running)
        until(process.answers, seconds=90)
        return process

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.address}/healthz", trust_env=False).is_success
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        """Kill it with its children, as the loss of a machine does."""
        if self.running.poll() is None:
            os.killpg(self.running.pid, signal.SIGKILL)
            self.running.wait()

    def peak_megabytes(self) -> float:
        """Return the most memory that any process of the group has had."""
        peaks = []
        for folder in Path("/proc").iterdir():
            try:
                if folder.name.isdigit() and os.getpgid(int(folder.name)) == self.running.pid:
                    status = (folder / "status").read_text()
                    peaks.append(int(status.partition("VmHWM:")[2].split()[0]) / 1000)
            except (OSError, IndexError):
                continue
        return max(peaks)
