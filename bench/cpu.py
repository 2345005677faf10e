"""The processor time of a process and all its descendants, as the kernel accounts it."""

import os
from collections import defaultdict
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(root: int) -> float:
    """Return the user and system time spent so far by *root* and everything below it.

    Children that ended count too, through the parent that reaped them; so the sum only grows.
    """
    children: dict[int, list[int]] = defaultdict(list)
    spent: dict[int, int] = {}
    for pid, parent, ticks in _all_processes():
        children[parent].append(pid)
        spent[pid] = ticks
    total, waiting = 0, [root]
    while waiting:
        pid = waiting.pop()
        total += spent.get(pid, 0)
        waiting += children[pid]
    return total / _TICKS


def _all_processes() -> list[tuple[int, int, int]]:
    """Return (pid, parent, ticks) of every process that still is there."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # Ended meanwhile.
            continue
        # utime, stime, and those of the children that were waited for.
        found.append((int(folder.name), int(fields[1]), sum(map(int, fields[11:15]))))
    return found
