"""`celltally export`: a project's results from the terminal."""

import time
from pathlib import Path

import click

from shared.client.rest import Json, RestClient
from shared.commands.account import address_here, token_of_environment
from shared.domain.errors import CelltallyError, InvalidInputError
from shared.domain.events import ExportStatus
from shared.domain.exports import ExportFormat

_ASK_SECONDS = 0.5
_ENDED = frozenset({ExportStatus.DONE, ExportStatus.FAILED, ExportStatus.CANCELLED})


@click.command()
@click.argument("project")
@click.option("--format", "words", required=True, help="Formats by comma, such as coco,csv.")
@click.option(
    "-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="A ZIP."
)
@click.option("--status", help="Only images of these statuses, by comma.")
@click.option("--url", help="The address of celltally; otherwise the one running here.")
def export(project: str, words: str, output: Path, status: str | None, url: str | None) -> None:
    """Export PROJECT, its id or exact title, as the account whose token is in CELLTALLY_TOKEN.

    Ctrl-C cancels the export. The file appears under its name once it is whole.
    """
    formats = _known(words)
    options = {} if status is None else {"status": status.split(",")}
    with RestClient(url or address_here(), token=token_of_environment(purpose="export")) as client:
        asked = client.export(client.project(project)["id"], formats=formats, options=options)
        try:
            done = _follow(client, asked)
        except BaseException:
            client.end_export(asked["id"])
            raise
        client.download(done["downloadUrl"], output)
    if detail := done.get("detail"):
        click.echo(detail, err=True)
    click.echo(f"{output}  {done['bytes']:,} bytes, {done['total']:,} images")


def _known(words: str) -> list[str]:
    formats = [word.strip() for word in words.split(",") if word.strip()]
    for word in formats:
        if word not in set(ExportFormat):
            known = ", ".join(ExportFormat)
            raise InvalidInputError(f"{word!r} is no format; there are {known}")
    return formats


def _follow(client: RestClient, asked: Json) -> Json:
    """Show how far the export is until it ended; return it when it is done."""
    with click.progressbar(length=asked["total"], label="images") as bar:
        shown = 0
        while (now := client.shown_export(asked["id"]))["status"] not in _ENDED:
            bar.update(max(0, now["done"] - shown))
            shown = max(shown, now["done"])
            time.sleep(_ASK_SECONDS)
        bar.update(now["total"] - shown)
    if now["status"] != ExportStatus.DONE:
        raise CelltallyError(now.get("detail") or f"the export was {now['status']}")
    return now
