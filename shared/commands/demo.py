"""`celltally demo`: the main job once, from nothing to the end."""

import time

import click

from shared.client.rest import RestClient
from shared.commands.tables import aligned
from shared.demo.story import Outcome, tell_the_story
from shared.demo.system import whole_system
from shared.samples.catalogue import SAMPLES
from shared.supervision.signals import StopSignals

_HEADER = ("image", "objects", "seconds", "engine")
_INTERRUPTED = 130  # As a shell reports a program that Ctrl-C ended.


@click.command()
def demo() -> None:
    """Show the main job once on sample images, in a temporary home; nothing is left of it."""
    with StopSignals():
        try:
            outcome = _perform()
        except KeyboardInterrupt:
            click.echo("stopped; nothing is left")
            raise click.exceptions.Exit(_INTERRUPTED) from None
    for line in aligned([_HEADER, *outcome.rows]):
        click.echo(line)
    click.echo(f"\ntally  {outcome.tally}")
    click.echo("       the live updates, REST and a recount of the images agree")


def _perform() -> Outcome:
    began = time.monotonic()

    def tell(line: str) -> None:
        click.echo(f"{time.monotonic() - began:6.1f} s  {line}")

    tell("starting PostgreSQL, Valkey and everything of the Procfile in a temporary home")
    with whole_system() as address:
        tell(f"ready at {address}")
        with RestClient(address) as client:
            outcome = tell_the_story(client, SAMPLES, tell)
        tell("stopping")
    tell("stopped; no process and no folder is left")
    click.echo()
    return outcome
