"""Processes that outlived the `celltally up` that started them."""

import os
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path

MARK = "CELLTALLY_SUPERVISED_HOME"  #: In the environment of all that `up` starts, at any depth.
_PROC = Path("/proc")


def marked(home: Path) -> dict[str, str]:
    """Return the environment variable by which processes of *home* are known."""
    return {MARK: str(home)}


def supervised_processes(home: Path) -> list[int]:
    """Return every living process started below a `celltally up` of *home*, except ourselves."""
    mark = os.fsencode(f"{MARK}={home}")
    return [pid for pid in all_processes() if mark in _environment_of(pid).split(b"\0")]


def end_supervised_processes(home: Path, *, grace: float) -> int:
    """End what is left of an earlier `celltally up`; return how many there were."""
    found = supervised_processes(home)
    end(lambda: supervised_processes(home), grace=grace)
    return len(found)


def end(living: Callable[[], list[int]], *, grace: float) -> None:
    """Ask all of *living* to end, and kill those that are still there after *grace* seconds."""
    send(living(), signal.SIGTERM)
    if not vanished(living, within=grace):
        send(living(), signal.SIGKILL)
        vanished(living, within=5)


def vanished(living: Callable[[], list[int]], *, within: float) -> bool:
    """Wait until *living* is empty; tell whether it became so."""
    deadline = time.monotonic() + within
    while living():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def all_processes() -> list[int]:
    """Return the ids of all processes of this machine, except ourselves."""
    ours = os.getpid()
    return [
        int(entry.name)
        for entry in _PROC.iterdir()
        if entry.name.isdigit() and int(entry.name) != ours
    ]


def is_alive(pid: int) -> bool:
    """Tell whether *pid* is a process that runs; one that waits to be reaped does not."""
    try:
        state = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state not in {"Z", "X"}


def parent_of(pid: int) -> int:
    """Return the parent of *pid*, or 0 when it is gone."""
    try:
        return int((_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0


def send(pids: Iterable[int], number: signal.Signals) -> None:
    """Send *number* to each of *pids* that still is there."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def _environment_of(pid: int) -> bytes:
    try:
        return (_PROC / str(pid) / "environ").read_bytes()
    except OSError:  # Gone, or somebody else's.
        return b""
