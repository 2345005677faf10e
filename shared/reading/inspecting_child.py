"""The child process of `Inspector`: `python -m shared.reading.inspecting_child`.

It reads one request a line and answers one line each, until its parent is gone.
"""

import logging
import os
import queue
import resource
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from shared.domain.errors import RejectedFileError
from shared.reading.inspection import READY, Request, accepting_line, refusing_line
from shared.reading.looking import inspect_file

_GRACE_SECONDS = 5


def main(memory_bytes: int, seconds: int) -> None:
    """Answer requests until standard input ends."""
    replies = _own_standard_output()
    _limit_itself(memory_bytes)
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(requests,), daemon=True).start()
    replies.write(READY)
    while True:
        line = requests.get()
        # The parent gives up first; this is for when there is no parent any more.
        signal.alarm(seconds + _GRACE_SECONDS)
        replies.write(_answer_to(line))
        signal.alarm(0)


def _answer_to(line: bytes) -> bytes:
    try:
        return accepting_line(inspect_file(Request.from_line(line)))
    except RejectedFileError as refusal:
        return refusing_line(refusal)


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


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
