"""Read a Procfile: one line a process, `name: command`, as honcho and foreman do."""

import re
import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.domain.errors import ConfigurationError

_LINE = re.compile(r"(?P<name>[A-Za-z0-9_-]+):\s*(?P<command>\S.*)")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a Procfile, as often as it is wanted."""

    name: str
    command: tuple[str, ...]
    count: int = 1


def read_procfile(path: Path) -> list[Entry]:
    """Return the entries of *path* in their order.

    Commands are split as a shell does but run without one: a signal then reaches the program
    itself, not a shell in front of it.
    """
    try:
        lines = path.read_text().splitlines()
    except OSError as missing:
        raise ConfigurationError(f"cannot read {path}: {missing.strerror}") from missing
    entries: dict[str, Entry] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        entry = _entry(line.strip(), where=f"{path}, line {number}")
        if entry.name in entries:
            raise ConfigurationError(f"{path}, line {number}: {entry.name} is there twice")
        entries[entry.name] = entry
    return list(entries.values())


def chosen(
    entries: Collection[Entry],
    names: Collection[str] = (),
    *,
    scale: Mapping[str, int] | None = None,
) -> list[Entry]:
    """Return the entries named, all without names, with the counts of *scale* (0 leaves out)."""
    counts = scale or {}
    known = [entry.name for entry in entries]
    for name in [*names, *counts]:
        if name not in known:
            raise ConfigurationError(f"the Procfile has no {name!r}; it has {', '.join(known)}")
    wanted = [entry for entry in entries if not names or entry.name in names]
    scaled = [Entry(e.name, e.command, counts.get(e.name, e.count)) for e in wanted]
    return [entry for entry in scaled if entry.count > 0]


def parse_scale(texts: Collection[str]) -> dict[str, int]:
    """Read `worker=2`, also several by comma, into counts by name."""
    counts: dict[str, int] = {}
    for part in ",".join(texts).split(","):
        if not part:
            continue
        name, _, count = part.partition("=")
        if not name or not count.isdecimal():
            raise ConfigurationError(f"--scale takes name=count, such as worker=2, not {part!r}")
        counts[name] = int(count)
    return counts


def _entry(line: str, *, where: str) -> Entry:
    found = _LINE.fullmatch(line)
    if found is None:
        raise ConfigurationError(f"{where}: expected `name: command`, found {line!r}")
    try:
        command = shlex.split(found["command"])
    except ValueError as unbalanced:
        raise ConfigurationError(f"{where}: {unbalanced}") from unbalanced
    return Entry(found["name"], tuple(command))
