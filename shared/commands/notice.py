"""`celltally notice`."""

from datetime import timedelta

import click

from shared.actions.notices import end_notice, post_notice
from shared.commands.opening import opened_database
from shared.domain.events import NoticeLevel

_OVER = "The notice of before is over."


@click.command()
@click.argument("text", required=False)
@click.option(
    "--level",
    type=click.Choice([level.value for level in NoticeLevel]),
    default=NoticeLevel.WARNING.value,
    show_default=True,
    help="warning and error stay on the pages; info passes by.",
)
@click.option(
    "--hours",
    type=click.FloatRange(0.1, 24 * 30),
    default=24,
    show_default=True,
    help="How long it is shown on pages that are opened.",
)
@click.option("--code", default="maintenance", show_default=True, help="What it is about.")
@click.option("--end", is_flag=True, help="Take the notice of this code from all pages.")
def notice(text: str | None, level: str, hours: float, code: str, *, end: bool) -> None:
    """Tell TEXT to everybody who is signed in, at once and on each page they open."""
    if text is None and not end:
        raise click.UsageError("write what is to be told, or --end")
    with opened_database() as database:
        if end:
            database.transact(lambda tx: end_notice(tx, text or _OVER, code=code))
        else:
            lasting, loud = timedelta(hours=hours), NoticeLevel(level)
            database.transact(
                lambda tx: post_notice(tx, text or "", code=code, level=loud, lasting=lasting)
            )
    click.echo("the notice is over" if end else f"told, and shown for {hours:g} h")
