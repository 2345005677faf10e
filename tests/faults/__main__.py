"""`python -m tests.faults`, which is `make faults`: play the matrix, print its table."""

import json
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from tests.faults.ledger import HEADER, Entry, line, total
from tests.faults.matrix import Row, all_rows, play
from tests.faults.peer import plain_celery
from tests.faults.plant import ROOT, running_plant
from tests.faults.rows.workers import storm_of

RESULTS = ROOT / "bench/faults.json"

#: The default of celltally, and one for trying the rows out.
LONG_LEASE, QUICK_LEASE = 45, 3
HARD_STOP_SECONDS = 3600

#: So many images have to have been looked at for the sum to mean something.
PROMISED_IMAGES = 20_000


class TimeIsOver(BaseException):
    """The hard stop, or somebody's SIGTERM: everything that runs is to be ended in order."""


@click.command()
@click.option("--only", default="", help="Numbers of rows by comma; 9 is 9 and 9b.")
@click.option("--quick", is_flag=True, help="The short form, which `make test` plays too.")
def main(*, only: str, quick: bool) -> None:
    """Break everything on purpose; print row, injected, lost, double, stuck, recovery, verdict."""
    rows = chosen(all_rows(), only)
    began = time.monotonic()
    entries: list[Entry] = []
    peers: list[Entry] = []
    click.echo(line(HEADER))
    try:
        with hard_stop():
            play_all(rows, entries, peers, quick=quick)
    except TimeIsOver as stopped:
        entries.append(Entry("", "the hard stop", complaints=[str(stopped)]))
        tell(entries[-1])
    finish(entries, peers, seconds=time.monotonic() - began, keep=not (only or quick))


def play_all(rows: Sequence[Row], entries: list[Entry], peers: list[Entry], *, quick: bool) -> None:
    """Play the rows on one plant, and the peer if its row is among them; tell each at once."""
    lease = QUICK_LEASE if quick else LONG_LEASE
    with (
        TemporaryDirectory(prefix="celltally-faults-") as folder,
        running_plant(Path(folder), lease_seconds=lease, long=not quick) as plant,
    ):
        for each in rows:
            entries.append(play(plant, each))
            tell(entries[-1])
        if any(each.number == "4" for each in rows):
            peers.append(plain_celery(plant, storm_of(plant)))


def chosen(rows: Sequence[Row], only: str) -> list[Row]:
    """Return the rows whose number is asked for, all by default."""
    wanted = set(filter(None, only.replace(" ", "").split(",")))
    known = {name for each in rows for name in (each.number, each.number.rstrip("abc"))}
    if strange := wanted - known:
        raise click.UsageError(f"there is no row {', '.join(sorted(strange))}: rows are 1 to 24")
    return [
        each for each in rows if not wanted or wanted & {each.number, each.number.rstrip("abc")}
    ]


def tell(entry: Entry) -> None:
    """Print a line of the table, and under it what is wrong."""
    click.echo(line(entry.cells()))
    for complaint in entry.complaints:
        click.echo(f"      {complaint}")


def finish(entries: Sequence[Entry], peers: Sequence[Entry], *, seconds: float, keep: bool) -> None:
    """Print the sum and the peer, write faults.json, and exit with 1 when a row failed."""
    summed = total(entries)
    if keep:
        enough = summed.images >= PROMISED_IMAGES
        summed.expect(enough, f"{summed.images} images are fewer than {PROMISED_IMAGES}")
    click.echo(line(summed.cells()))
    for peer in peers:
        click.echo(line((*peer.cells()[:-1], "(not judged)")))
    click.echo(f"{seconds / 60:.1f} minutes")
    if keep:
        content = {
            "seconds": round(seconds),
            "rows": [entry.to_json() for entry in entries],
            "total": summed.to_json(),
            "peers": [peer.to_json() for peer in peers],
        }
        RESULTS.write_text(json.dumps(content, indent=2) + "\n")
    sys.exit(not summed.passed)


@contextmanager
def hard_stop() -> Iterator[None]:
    """End everything in order when it takes far too long."""

    def stop(number: int, _: Any) -> None:
        raise TimeIsOver(f"{signal.Signals(number).name}: stopped before the end")

    for number in (signal.SIGALRM, signal.SIGTERM):
        signal.signal(number, stop)
    signal.alarm(HARD_STOP_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)


if __name__ == "__main__":
    main()
