"""How much memory a child may take: an image that needs more fails, and nobody else does."""

import os
import resource
from contextlib import suppress
from pathlib import Path

from shared.config import Settings

MB = 1 << 20

#: Of the machine's memory, shared by the children; the rest is for everybody else.
SHARE = 0.8

#: Less would not do: allocators reserve about 1 GB of addresses that they never fill.
LEAST_MB = 2048

_PROC = Path("/proc")
_CGROUPS = Path("/sys/fs/cgroup")


def budget_of(settings: Settings, children: int) -> int:
    """Return the bytes that each of *children* may map beyond what it starts with."""
    if settings.worker_memory_mb is not None:
        return settings.worker_memory_mb * MB
    return max(int(SHARE * available_bytes() / children), LEAST_MB * MB)


def available_bytes(cgroups: Path = _CGROUPS) -> int:
    """Return the memory of the machine, or of the container if that is less."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([machine, *_container_limits(cgroups)])


def limit_memory(budget: int) -> None:
    """Let this process map *budget* bytes more than now; beyond that it gets a MemoryError."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = _mapped_bytes() + budget
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def be_first_to_go() -> None:
    """Have the kernel, when memory runs out, end this process before any other."""
    with suppress(OSError):  # Not on every system, and some containers forbid it.
        (_PROC / "self" / "oom_score_adj").write_text("1000")


def _mapped_bytes() -> int:
    with suppress(OSError):
        pages = (_PROC / "self" / "statm").read_text().split()[0]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _container_limits(cgroups: Path) -> list[int]:
    """Return the limits that the versions 2 and 1 of control groups state."""
    found = []
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):  # The word `max` is no number.
            found.append(int((cgroups / name).read_text()))
    return found
