"""Traps: a process that comes to a named pause point dies there, or waits.

A trap is a file named like its point; the first process that comes takes it away and does what is
written in it. So any process that runs already can be caught at an exact moment.
"""

import os
import signal
import time
from functools import partial
from pathlib import Path

from shared.pausing import hold

#: Where a process of the harness finds traps, gates and the journal.
FOLDER = "CELLTALLY_FAULTS_FOLDER"

#: By how many seconds a process's own clock is wrong.
SKEW = "CELLTALLY_FAULTS_SKEW"

#: Set for a process that passes by all traps: they are laid for others.
SPARED = "CELLTALLY_FAULTS_SPARED"

#: The pause points of celltally that traps are laid at.
POINTS = (
    "segment.claimed",
    "segment.before_commit",
    "fold.before_commit",
    "stats.before_publish",
    "stats.before_published",
    "outbox.before_delete",
)

#: After a task and before its message is acknowledged; a signal of Celery, no pause point.
AFTER_TASK = "celery.task_postrun"

KILL = "kill"
KILL_GROUP = "kill group"
WAIT = "wait"


def lay(folder: Path, point: str, order: str) -> Path:
    """Lay a trap; return the file that exists once somebody was caught."""
    (folder / "traps").mkdir(exist_ok=True)
    draft = folder / "traps" / f"{point}.draft"
    draft.write_text(order)
    caught = folder / "traps" / f"{point}.caught"
    caught.unlink(missing_ok=True)
    draft.rename(folder / "traps" / point)
    return caught


def take_away(folder: Path, point: str) -> None:
    """Take the trap away, and let go whoever waits in it."""
    for name in (point, f"{point}.caught"):
        (folder / "traps" / name).unlink(missing_ok=True)


def come_to(folder: Path, point: str) -> None:
    """Be caught if a trap lies here."""
    if os.environ.get(SPARED):
        return
    trap, caught = (folder / "traps" / name for name in (point, f"{point}.caught"))
    try:
        order = trap.read_text()
        trap.rename(caught)
    except FileNotFoundError:
        return
    if order == KILL:
        os.kill(os.getpid(), signal.SIGKILL)
    if order == KILL_GROUP:
        os.killpg(os.getpgrp(), signal.SIGKILL)
    while caught.exists():
        time.sleep(0.01)


def hold_all_points() -> None:
    """Have this process look for a trap at each pause point."""
    folder = Path(os.environ[FOLDER])
    for point in POINTS:
        hold(point, partial(come_to, folder, point))


def skew_the_clock() -> None:
    """Have this process believe in another time; what measures intervals stays right."""
    seconds = float(os.environ.get(SKEW, "0"))
    if seconds:
        right = time.time
        time.time = lambda: right() + seconds
