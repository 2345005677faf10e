"""Processes that are started again when they end, as the supervisor of `celltally up` does."""

import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from threading import Event, Thread

from shared.supervision.backoff import Patience
from shared.supervision.child import Child
from shared.supervision.spawning import signal_group
from tests.integration.interleaving import until

#: Here processes are killed all the time: it never gives up, and waits no longer each time.
UNSHAKEN = Patience(longest_delay=0.5, most_quick_exits=10**9)
_LOOK_SECONDS = 0.02


class Kept:
    """One process and its group, started by a thread that lives as long as it is wanted."""

    def __init__(
        self, label: str, command: tuple[str, ...], environment: Mapping[str, str], log: Path
    ) -> None:
        self.label = label
        self.starts = 0
        self._child = Child(label, command, UNSHAKEN)
        self._environment = environment
        self._log = log
        self._wanted = Event()
        self._ending = Event()
        self._thread = Thread(target=self._keep, name=label, daemon=True)
        self._wanted.set()
        self._thread.start()

    @property
    def pid(self) -> int:
        """The process, as soon as there is one."""
        return until(lambda: self._child.pid)

    @property
    def running(self) -> bool:
        return self._child.running

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process alone."""
        os.kill(self.pid, number)

    def send_all(self, number: signal.Signals) -> None:
        """Send a signal to the whole group: SIGKILL is the loss of a machine."""
        signal_group(self.pid, number)

    def kill(self) -> float:
        """Kill the group; return when. It is started again."""
        at = time.monotonic()
        self.send_all(signal.SIGKILL)
        return at

    def pause(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Stop it and leave it stopped until `resume`."""
        self._wanted.clear()
        pid = self._child.pid
        if pid is not None:
            if number is signal.SIGKILL:
                signal_group(pid, number)
            else:
                os.kill(pid, number)
        until(lambda: not self._child.running, seconds=60)

    def resume(self) -> None:
        """Start it again."""
        self._wanted.set()

    def end(self) -> None:
        """Kill it for good."""
        self._ending.set()
        self._wanted.clear()
        self._thread.join()

    def _keep(self) -> None:
        due = 0.0
        with self._log.open("a") as log:
            while not self._ending.is_set():
                if self._child.running:
                    log.writelines(f"{line}\n" for line in self._child.read_lines())
                    log.flush()
                    if self._child.ended():
                        due = time.monotonic() + self._bury(log)
                elif self._wanted.is_set() and time.monotonic() >= due:
                    self.starts += 1
                    self._child.start(self._environment)
                self._ending.wait(_LOOK_SECONDS)
            self._child.kill()
            until(lambda: not self._child.running or self._child.ended())
            if self._child.running:
                self._bury(log)

    def _bury(self, log: object) -> float:
        """Take leave of the process; return how long to wait before the next start."""
        lines, uptime = self._child.bury()
        log.writelines(f"{line}\n" for line in lines)  # type: ignore[attr-defined]
        return self._child.backoff.after_exit(uptime) or UNSHAKEN.longest_delay
