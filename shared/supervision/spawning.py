"""Start a program that dies with us, whatever happens to us."""

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from shared.domain.errors import UnavailableError

_PR_SET_PDEATHSIG = 1  # From <linux/prctl.h>.


@dataclass(frozen=True, slots=True)
class Account:
    """The system account a program runs as, when not as ours."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where and as whom a program runs; what is None is inherited."""

    folder: Path | None = None
    environment: Mapping[str, str] | None = None
    account: Account | None = None


def spawn(
    command: Sequence[str],
    *,
    death_signal: signal.Signals,
    output: int | IO[Any],
    surroundings: Surroundings = Surroundings(),
) -> subprocess.Popen[bytes]:
    """Start *command*; the kernel sends it *death_signal* when the calling thread ends.

    Call it from a thread that lives as long as the program should: the kernel watches the
    thread, not the process. The program leads a session of its own, so that a Ctrl-C in the
    terminal reaches only us and we decide who stops first.
    """
    identity: dict[str, Any] = {}
    if (account := surroundings.account) is not None:
        identity = {"user": account.uid, "group": account.gid, "extra_groups": []}
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=surroundings.folder,
            env=surroundings.environment,
            start_new_session=True,
            preexec_fn=_die_with_parent(death_signal),  # noqa: PLW1509 - two system calls only.
            **identity,
        )
    except OSError as refusal:
        raise UnavailableError(f"cannot start {command[0]}: {refusal}") from refusal


def signal_group(leader: int, number: signal.Signals) -> bool:
    """Send *number* to everybody in the group of *leader*; tell whether anybody was there."""
    try:
        os.killpg(leader, number)
    except ProcessLookupError:
        return False
    except PermissionError:  # Only dead members are left, waiting for their parent.
        return False
    return True


def _die_with_parent(number: signal.Signals) -> Callable[[], None]:
    # Loaded before the fork: the child of a process with threads must not load libraries.
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def ask_the_kernel() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # The parent died before we could ask.
            os._exit(1)

    return ask_the_kernel
