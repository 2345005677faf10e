"""`python -m tests.live_faults --rounds 100`: break the way of live messages, count what is lost.

Each round publishes numbered messages to a browser that does what the contract asks of one: it
resumes with `since`, and drops what it has seen. After each round every message arrived once and
in order, or the relay said `recovered: false`. `tests/integration/relay/test_faults.py` plays the
short form.
"""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import click

from shared.messaging.redis_connections import connect
from shared.messaging.redis_keys import RedisKeys
from shared.servers.valkey import ValkeyServer
from tests.integration.relay.faults import FAULTS, Scene, Tally, play
from tests.integration.relay.live import Live, RelayProcess

_LINE = "{:<46} {:>6} {:>9} {:>5} {:>6} {:>9} {:>11}  {}"


@click.command()
@click.option("--rounds", default=100, show_default=True, help="How often each fault is injected.")
@click.option("--only", default="", help="Names of faults, by comma.")
def main(*, rounds: int, only: str) -> None:
    """Play every fault and print fault, rounds, messages, lost, double, disorder, unrecovered."""
    wanted = [name for name in FAULTS if not only or name in only.split(",")]
    head = ("fault", "rounds", "messages", "lost", "double", "disorder", "unrecovered", "verdict")
    click.echo(_LINE.format(*head))
    tallies = []
    for name in wanted:
        with stage() as scene:
            tallies.append(play(scene, name, rounds))
        tell(tallies[-1])
    sys.exit(not all(tally.passed for tally in tallies))


def tell(tally: Tally) -> None:
    """Print a line of the table."""
    verdict = "ok" if tally.passed else "FAILED"
    click.echo(_LINE.format(tally.name, *tally.figures, verdict))


@contextmanager
def stage() -> Iterator[Scene]:
    """Lend a Valkey of its own and everything that a fault needs."""
    ending: list[RelayProcess] = []
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="celltally-live-"))
        server = ValkeyServer(Path(folder), durable=True)
        server.start()
        stack.callback(server.stop)
        redis = stack.enter_context(connect(server.url))
        keys = RedisKeys(f"faults:{uuid4().hex}")
        yield Scene(Live(server.url, redis, stack, keys, ending), server)
    for relay in ending:
        relay.process.wait(timeout=30)


if __name__ == "__main__":
    main()
