"""One line of the Procfile while it runs."""

import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Mapping

from shared.supervision.backoff import Backoff, Patience
from shared.supervision.spawning import Surroundings, signal_group, spawn

TAIL = 20  #: So many last lines are kept, to be shown when it keeps dying.
_CHUNK = 65536


class Child:
    """A process that is started again when it exits; its group never outlives it."""

    def __init__(self, label: str, command: tuple[str, ...], patience: Patience) -> None:
        self.label = label
        self.command = command
        self.tail: deque[str] = deque(maxlen=TAIL)
        self.exit_code: int | None = None
        self.backoff = Backoff(patience)
        self._running: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._partial = b""
        self.silent = False  #: It closed its output: nothing is to be read any more.

    @property
    def running(self) -> bool:
        return self._running is not None

    @property
    def pid(self) -> int | None:
        return None if self._running is None else self._running.pid

    @property
    def output(self) -> int:
        """The descriptor its lines come from; it never blocks."""
        if self._running is None or self._running.stdout is None:
            raise RuntimeError(f"{self.label} does not run")
        return self._running.stdout.fileno()

    def start(self, environment: Mapping[str, str]) -> None:
        """Start it; SIGTERM reaches it when our own process is killed."""
        self._running = spawn(
            self.command,
            death_signal=signal.SIGTERM,
            output=subprocess.PIPE,
            surroundings=Surroundings(environment=environment),
        )
        self._started_at = time.monotonic()
        self.silent = False
        os.set_blocking(self.output, False)

    def read_lines(self) -> list[str]:
        """Return the lines that came since the last call."""
        *lines, self._partial = (self._partial + self._read()).split(b"\n")
        texts = [line.decode(errors="replace").rstrip("\r") for line in lines]
        self.tail.extend(texts)
        return texts

    def ask(self, number: signal.Signals) -> None:
        """Send *number* to the process, and not to its children: it knows best what they do."""
        if self._running is not None and self._running.poll() is None:
            self._running.send_signal(number)

    def kill(self) -> None:
        """End the whole group at once."""
        if self._running is not None:
            signal_group(self._running.pid, signal.SIGKILL)

    def ended(self) -> bool:
        """Tell whether its process has exited and waits for `bury`."""
        return self._running is not None and self._running.poll() is not None

    def bury(self) -> tuple[list[str], float]:
        """Take leave of the exited process and its group; return its last lines and its uptime."""
        if self._running is None or self._running.stdout is None:
            raise RuntimeError(f"{self.label} does not run")
        self.kill()  # Children of a process that died of a signal are still there.
        lines = self.read_lines()
        if self._partial:
            lines.append(self._partial.decode(errors="replace"))
            self.tail.append(lines[-1])
            self._partial = b""
        self._running.stdout.close()
        self.exit_code, self._running = self._running.returncode, None
        return lines, time.monotonic() - self._started_at

    def _read(self) -> bytes:
        chunks = []
        while True:
            try:
                chunk = os.read(self.output, _CHUNK)
            except BlockingIOError:
                break
            if not chunk:
                self.silent = True
                break
            chunks.append(chunk)
        return b"".join(chunks)


def described(exit_code: int | None) -> str:
    """Say how a process ended."""
    if exit_code is not None and exit_code < 0:
        return f"was ended by {signal.Signals(-exit_code).name}"
    return f"exited with code {exit_code}"
