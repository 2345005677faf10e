"""The loop of a child process: one request a line, one answer a line, until its parent is gone."""

import logging
import os
import queue
import resource
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from shared.reading.children import PATIENCE, READY

_GRACE_SECONDS = 5


def serve(answer_to: Callable[[bytes], bytes], memory_bytes: int, seconds: int) -> None:
    """Answer requests until standard input ends."""
    replies = _own_standard_output()
    _limit_itself(memory_bytes)
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(requests,), daemon=True).start()
    replies.write(READY)
    while True:
        line = requests.get()
        signal.setitimer(signal.ITIMER_PROF, seconds)  # Of work, not of waiting; it kills.
        # The parent gives up first; this is for when there is no parent any more.
        signal.alarm(seconds * PATIENCE + _GRACE_SECONDS)
        replies.write(answer_to(line))
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.alarm(0)


def _receive(requests: "queue.SimpleQueue[bytes]") -> None:
    """Pass lines on; end the process at once when the parent closed or died."""
    for line in sys.stdin.buffer:
        requests.put(line)
    os._exit(0)


def _own_standard_output() -> BinaryIO:
    """Keep standard output for answers alone: what a library prints goes to stderr."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    return answers


def _limit_itself(memory_bytes: int) -> None:
    # Ctrl-C in a terminal reaches every process; the parent decides when to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # When memory is short, this process is the one to go.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
