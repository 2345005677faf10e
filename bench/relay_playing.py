"""A server in front of a crowd of browsers, and what came of publishing to them."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_connection, create_server
from typing import TypeVar

from bench.cpu import cpu_seconds
from bench.relay_commands import Browsers, Received, crowd
from bench.relay_stage import Contender, Stage, stage_of
from bench.rounds import Scale

ROOT = Path(__file__).parents[1]
Act = TypeVar("Act")


@dataclass
class Playing:
    """A contender with its crowd in front of it."""

    contender: Contender
    stage: Stage
    port: int
    pid: int
    browsers: Browsers

    def deliver(
        self, publishes: int, *, pause: float, own: bool = False, expected: int | None = None
    ) -> "Delivery":
        """Publish so often, to all or to each; return what it cost and what came of it."""
        stage = self.stage
        expected = publishes * len(stage.users) if expected is None else expected
        cpu = cpu_seconds(self.pid)
        self.browsers.expect(expected)
        began = time.monotonic()
        for number in range(publishes):
            (stage.publish_to_each if own else stage.publish_to_all)()
            time.sleep(max(0.0, began + (number + 1) * pause - time.monotonic()))
        received = self.browsers.received()
        seconds = received.last_at - began
        return Delivery(expected, received, cpu_seconds(self.pid) - cpu, seconds)


@dataclass(frozen=True)
class Delivery:
    """What came of one act of publishing, and the server's processor time for it."""

    expected: int
    received: Received
    cpu: float
    seconds: float

    @property
    def cpu_us(self) -> float:
        """Return the microseconds of processor time for each message that arrived."""
        return self.cpu * 1e6 / max(1, self.received.messages)

    @property
    def lost(self) -> int:
        return self.expected - self.received.messages

    def complete(self) -> "Delivery":
        """Return itself; raise when a message is missing: a server that loses is not fast."""
        if self.lost:
            raise RuntimeError(f"{self.lost} of {self.expected} messages were lost")
        return self

    @property
    def rate(self) -> float:
        """Return the messages that arrived in a second."""
        return self.received.messages / self.seconds


def turns(scale: Scale, acts: Sequence[Callable[[], Act]]) -> list[list[Act]]:
    """Return what each contender's acts gave; as `interleaved`, but whole, not one figure."""
    given: list[list[Act]] = [[] for _ in acts]
    for number in range(scale.rounds + 1):
        order = list(enumerate(acts))
        for place, act in order if number % 2 else reversed(order):
            one = act()
            if number:  # The first round warms up.
                given[place].append(one)
    return given


@contextmanager
def in_front(contender: Contender, browsers: int, *, deflate: bool = False) -> Iterator[Playing]:
    """Lend a contender on a stage of its own, with everybody watching."""
    with stage_of(browsers, contender.stage) as stage, playing(stage, contender) as scene:
        scene.browsers.open(stage.visits(contender, deflate=deflate))
        yield scene


@contextmanager
def playing(stage: Stage, contender: Contender) -> Iterator[Playing]:
    """Run a contender, with nobody in front of it yet."""
    port = free_port()
    with ExitStack() as stack:
        pid = stack.enter_context(_running(stage, contender, port))
        yield Playing(contender, stage, port, pid, stack.enter_context(crowd(port)))


@contextmanager
def _running(stage: Stage, contender: Contender, port: int) -> Iterator[int]:
    places = {
        "{port}": str(port),
        "{address}": f"127.0.0.1:{port}",
        "{redis}": stage.redis_url,
        "{redis_socket}": stage.socket_path,
    }
    command = [places.get(word, word) for word in contender.command]
    given = {name: places.get(value, value) for name, value in contender.environment.items()}
    environment = {**os.environ, **given, "PYTHONPATH": str(ROOT)}
    if contender.ours:
        limits = {"sockets": 20_000, "handshakes_per_address": 10**9}
        relay = {"redis_url": stage.redis_url, "limits": limits}
        environment["BENCH_RELAY"] = json.dumps(relay)
    process = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
    try:
        _await_port(process, port)
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _await_port(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        try:
            create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"the server on port {port} did not start")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port
