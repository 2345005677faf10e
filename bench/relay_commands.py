"""A crowd of browsers in a process of its own, and how it is told what to do."""

import multiprocessing
import resource
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from bench.relay_crowd import Crowd, Visit

_PATIENCE = 15.0  #: Seconds without a message after which those that miss count as lost.


@dataclass(frozen=True, slots=True)
class Received:
    """What came of one act of publishing."""

    messages: int
    last_at: float  #: On CLOCK_MONOTONIC.
    latencies: Sequence[float] = field(repr=False)

    def percentile(self, part: float) -> float:
        """Return the latency in milliseconds that so large a part does not pass."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0


@dataclass(frozen=True, slots=True)
class Browsers:
    """The far end of a crowd."""

    line: Connection

    def open(self, visits: Sequence[Visit], *, seconds: float = 120) -> float:
        """Open a socket for each visit; return the seconds it took, raise when some failed."""
        took, ready, closes = self._ask("open", visits, seconds)
        if ready < len(visits):
            raise RuntimeError(f"{ready} of {len(visits)} sockets are open, closed: {closes}")
        return float(took)

    def expect(self, messages: int) -> None:
        """Count from here on; `received` waits for so many."""
        self.line.send(("collect", messages, _PATIENCE))
        self.line.recv()

    def received(self) -> Received:
        """Return what came since `expect`."""
        messages, last_at, latencies = self.line.recv()
        return Received(messages, last_at, latencies)

    def stall(self, index: int) -> None:
        """Have one browser read nothing more."""
        self._ask("stall", index)

    def closes(self) -> dict[int, int]:
        """Return how many sockets were closed, by code."""
        closed: dict[int, int] = self._ask("closes")
        return closed

    def _ask(self, *command: Any) -> Any:
        self.line.send(command)
        return self.line.recv()


@contextmanager
def crowd(port: int) -> Iterator[Browsers]:
    """Lend a crowd for the server on *port*; it hangs up in the end."""
    context = multiprocessing.get_context("spawn")
    near, far = context.Pipe()
    running = context.Process(target=serve, args=(far, port), daemon=True)
    running.start()
    far.close()
    try:
        yield Browsers(near)
    finally:
        near.close()
        running.join(timeout=10)
        if running.is_alive():
            running.kill()


def serve(line: Connection, port: int) -> None:
    """Do as the benchmark says until it hangs up."""
    raise_file_limit()
    here = Crowd(port)
    try:
        while True:
            here.idle(line.poll)
            _obey(here, line, *line.recv())
    except (EOFError, BrokenPipeError):
        here.close()


def raise_file_limit() -> None:
    """Allow as many sockets as the machine does."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _obey(here: Crowd, line: Connection, order: str, *arguments: Any) -> None:
    if order == "open":
        visits, seconds = arguments
        took = here.open(visits, seconds=seconds)
        line.send((took, here.ready, dict(here.closes)))
    elif order == "collect":
        expected, seconds = arguments
        here.forget()
        line.send(None)
        here.collect(expected, seconds=seconds)
        line.send((here.received, here.last_at, here.latencies))
    elif order == "stall":
        here.stall(*arguments)
        line.send(None)
    else:
        line.send(dict(here.closes))
