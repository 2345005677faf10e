"""A server program that works in one folder: started, awaited, stopped, its orphans ended."""

import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from shared.domain.errors import UnavailableError
from shared.servers.places import make_private_folder
from shared.supervision.orphans import all_processes, end, is_alive, parent_of, send, vanished
from shared.supervision.spawning import Account, Surroundings, spawn

_LARGEST_LOG = 20_000_000
_GONE = " (deleted)"  # What the kernel appends to the path of a removed file.


class ServerProgram:
    """One server of ours, as the kernel sees it."""

    def __init__(
        self, title: str, *, program: str, folder: Path, log: Path, gentle: signal.Signals
    ) -> None:
        self.title = title
        self.log = log
        self._program = program
        self._folder = folder
        self._gentle = gentle
        self._running: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0

    @property
    def alive(self) -> bool:
        return self._running is not None and self._running.poll() is None

    @property
    def pid(self) -> int | None:
        return None if self._running is None else self._running.pid

    @property
    def uptime(self) -> float:
        return time.monotonic() - self._started_at

    def end_orphans(self, *, grace: float) -> None:
        """End every server at work on our data, and wait until its last helper is gone.

        The data lock held, such a server is what a killed `celltally up` left. It is known by
        its program and its working folder, never by a pid file, whose number may by now belong
        to somebody else.
        """
        if not (found := self.at_work()):
            return
        send([pid for pid in found if parent_of(pid) not in found], self._gentle)
        if not vanished(self.at_work, within=grace):
            end(self.at_work, grace=1)

    def at_work(self) -> list[int]:
        """Return the processes of this program that work in our folder."""
        return [pid for pid in all_processes() if is_alive(pid) and self._is_ours(pid)]

    def start(self, command: Sequence[str], *, account: Account | None = None) -> None:
        """Start the server; what it writes goes to its log."""
        make_private_folder(self.log.parent)
        if self.log.exists() and self.log.stat().st_size > _LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".old.log"))
        self.log.touch(mode=0o600)
        with self.log.open("ab") as output:
            self._running = spawn(
                command,
                death_signal=self._gentle,
                output=output,
                surroundings=Surroundings(folder=self._folder, account=account),
            )
        self._started_at = time.monotonic()

    def wait_until(self, answers: Callable[[], bool], *, within: float) -> None:
        """Wait for the first answer; refuse with the last lines of the log when it exits."""
        deadline = time.monotonic() + within
        while not answers():
            if not self.alive:
                raise UnavailableError(f"{self.title} did not start. {self._last_lines()}")
            if time.monotonic() > deadline:
                raise UnavailableError(
                    f"{self.title} did not answer within {within:g} s. {self._last_lines()}"
                )
            time.sleep(0.03)

    def stop(self, *, grace: float, harder: signal.Signals = signal.SIGKILL) -> None:
        """Stop the server gently, then with *harder*, then whatever is left of it."""
        if self._running is None:
            return
        for number, patience in ((self._gentle, grace), (harder, 5.0)):
            if self._stopped_by(number, patience):
                break
        else:
            self._running.kill()
            self._running.wait()
        end(self.at_work, grace=5)
        self._running = None

    def _stopped_by(self, number: signal.Signals, patience: float) -> bool:
        if self._running is None:
            return True
        self._running.send_signal(number)
        try:
            self._running.wait(patience)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _is_ours(self, pid: int) -> bool:
        try:
            program = Path(f"/proc/{pid}/exe").readlink()
            folder = Path(f"/proc/{pid}/cwd").readlink()
        except OSError:  # Gone, or somebody else's.
            return False
        same_program = program.name.removesuffix(_GONE) == self._program
        return same_program and str(folder).removesuffix(_GONE) == str(self._folder.resolve())

    def _last_lines(self) -> str:
        with self.log.open(errors="replace") as log:
            lines = deque(log, maxlen=6)
        text = "\n".join(f"  {line.rstrip()}" for line in lines)
        return f"The last lines of {self.log}:\n{text}"
