"""Looks at uploaded files in child processes, so that no file can hurt the web process."""

import os
import select
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import shared
from shared.domain.errors import UnavailableError
from shared.reading.display import THUMBNAIL_SIZE
from shared.reading.inspection import READY, Inspection, Request, inspection_of
from shared.reading.refusals import unreadable

DEFAULT_MEMORY = 4 << 30
DEFAULT_SECONDS = 20
_START_SECONDS = 60
_LONGEST_ANSWER = 4 << 20
_FILES_PER_CHILD = 500  #: Then it is replaced, whatever its libraries leak.
#: All that a child needs of our environment; it shall not hold our secrets.
_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONHOME", "TMPDIR")


class Inspector:
    """A few warm child processes that read one file each at a time.

    Children are started when first needed, inherit none of our open files and end
    with us. One that dies, or needs longer than *seconds*, fails the file it was
    reading and is replaced. Safe to use from many threads; those wait for a child.
    """

    def __init__(
        self,
        children: int = 2,
        *,
        seconds: int = DEFAULT_SECONDS,
        memory_bytes: int = DEFAULT_MEMORY,
    ) -> None:
        self._seconds = seconds
        self._memory = memory_bytes
        self._free = threading.Semaphore(children)
        self._lock = threading.Lock()
        self._idle: list[_Child] = []
        self._closed = False

    def inspect(
        self,
        path: Path,
        filename: str,
        *,
        max_bytes: int,
        max_pixels: int,
        side: int = THUMBNAIL_SIZE,
    ) -> Inspection:
        """Return what the file is, or raise RejectedFileError naming *filename*.

        Its thumbnail has at most *side* pixels a side.
        """
        request = Request(str(path.absolute()), filename, max_bytes, max_pixels, side)
        with self._free:
            answer = self._answer(request)
        return inspection_of(answer)

    def _answer(self, request: Request) -> bytes:
        while True:
            child = self._take()
            warm = child.asked > 0
            try:
                answer = child.ask(request.to_line(), self._seconds)
            except TimeoutError:
                child.end()
                reason = f"reading it took longer than {self._seconds} seconds"
                raise unreadable(request.filename, reason) from None
            except OSError:
                child.end()
                if warm:  # It may have died before it had the file: a new one will tell.
                    continue
                reason = "it is damaged, or needs more memory than one image may take"
                raise unreadable(request.filename, reason) from None
            except BaseException:
                child.end()
                raise
            self._put_back(child)
            return answer

    def close(self) -> None:
        """End the children; those that are reading end after their file."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for child in idle:
            child.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _take(self) -> "_Child":
        with self._lock:
            if self._closed:
                raise UnavailableError("The server is stopping. Upload the file again.")
            while self._idle:
                child = self._idle.pop()
                if child.is_alive:
                    return child
                child.end()
        return _Child(self._memory, self._seconds)

    def _put_back(self, child: "_Child") -> None:
        with self._lock:
            if not self._closed and child.asked < _FILES_PER_CHILD:
                self._idle.append(child)
                return
        child.end()


class _Child:
    """One child process and the pipes to it."""

    def __init__(self, memory_bytes: int, seconds: int) -> None:
        self.asked = 0
        module = "shared.reading.inspecting_child"
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
