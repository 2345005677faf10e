"""A few warm child processes, so that no file can hurt the process that has them."""

import os
import select
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import shared
from shared.domain.errors import UnavailableError

READY = b"ready\n"  #: What a child says before it takes the first request.

#: So much longer than it may work a child may take, for a machine has other things to do as well.
PATIENCE = 6

_START_SECONDS = 60
_LONGEST_ANSWER = 4 << 20
_REQUESTS_PER_CHILD = 500  #: Then it is replaced, whatever its libraries leak.
#: All that a child needs of our environment; it shall not hold our secrets.
_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONHOME", "TMPDIR")


class ChildLateError(Exception):
    """A child worked longer than it may, or did not answer for many times that."""


class ChildLostError(Exception):
    """A child died at the request."""


class Children:
    """Children that run *module* and answer one line with one line, one request at a time each.

    They are started when first needed, inherit none of our open files and end with us. One that
    dies, or works longer than *seconds* of processor time, fails the request that it was at and is
    replaced: on a busy machine no file is refused because others had their turn. Safe to use from
    many threads; those wait for a child.
    """

    def __init__(self, module: str, count: int, *, seconds: int, memory_bytes: int) -> None:
        self._module = module
        self._seconds = seconds
        self._memory = memory_bytes
        self._free = threading.Semaphore(count)
        self._lock = threading.Lock()
        self._idle: list[_Child] = []
        self._closed = False

    def ask(self, line: bytes) -> bytes:
        """Return the answer; raise ChildLateError or ChildLostError when there is none."""
        with self._free:
            return self._answer_of_a_child(line)

    def close(self) -> None:
        """End the children; those that are at a request end after it."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for child in idle:
            child.end()

    def _answer_of_a_child(self, line: bytes) -> bytes:
        while True:
            child = self._take()
            warm = child.asked > 0
            try:
                answer = child.ask(line, self._seconds * PATIENCE)
            except TimeoutError:
                child.end()
                raise ChildLateError from None
            except OSError:
                child.end()
                if child.worked_too_long:
                    raise ChildLateError from None
                if warm:  # It may have died before it had the request: a new one will tell.
                    continue
                raise ChildLostError from None
            except BaseException:
                child.end()
                raise
            self._put_back(child)
            return answer

    def _take(self) -> "_Child":
        with self._lock:
            if self._closed:
                raise UnavailableError("The server is stopping. Send it again in a moment.")
            while self._idle:
                child = self._idle.pop()
                if child.is_alive:
                    return child
                child.end()
        return _Child(self._module, self._memory, self._seconds)

    def _put_back(self, child: "_Child") -> None:
        with self._lock:
            if not self._closed and child.asked < _REQUESTS_PER_CHILD:
                self._idle.append(child)
                return
        child.end()


class _Child:
    """One child process and the pipes to it."""

    def __init__(self, module: str, memory_bytes: int, seconds: int) -> None:
        self.asked = 0
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", module, str(memory_bytes), str(seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env=_environment(),
        )
        try:
            ready = self._line(time.monotonic() + _START_SECONDS) == READY
        except OSError:
            ready = False
        if not ready:
            self.end()
            raise UnavailableError("Files cannot be looked at now. Try again later.")

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    @property
    def worked_too_long(self) -> bool:
        """Whether its own timer ended it; known once it has ended."""
        return self._process.returncode == -signal.SIGPROF

    def ask(self, line: bytes, seconds: float) -> bytes:
        """Return the child's answer; OSError when it died, TimeoutError when late."""
        self.asked += 1
        assert self._process.stdin is not None  # noqa: S101  (it is a pipe)
        self._process.stdin.write(line)
        return self._line(time.monotonic() + seconds)

    def end(self) -> None:
        """Kill it and leave no zombie and no open pipe."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _line(self, deadline: float) -> bytes:
        assert self._process.stdout is not None  # noqa: S101  (it is a pipe)
        pipe = self._process.stdout.fileno()
        poll = select.poll()
        poll.register(pipe, select.POLLIN)
        received = b""
        while not received.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not poll.poll(left * 1000):
                raise TimeoutError
            some = os.read(pipe, 1 << 16)
            received += some
            if not some or len(received) > _LONGEST_ANSWER:
                raise ConnectionError
        return received


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    home_of_package = str(Path(shared.__file__).parents[1])
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return kept | one_thread | {"PYTHONPATH": home_of_package}
