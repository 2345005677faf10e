"""`celltally upload`: a folder from the terminal."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from shared.client.live import LiveUpdates
from shared.client.rest import Json, RestClient
from shared.client.watching import ProjectWatch, described
from shared.config import Settings
from shared.domain.errors import ConfigurationError, InvalidInputError, UnavailableError
from shared.servers.addresses import read_published

TOKEN = "CELLTALLY_TOKEN"  # noqa: S105 - the name of a variable.
_FILES = 20  # In one request, unless they are large:
_BYTES = 64_000_000
_SILENCE_SECONDS = 600.0


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--project", "title", required=True, help="Its name; made if you have none so called."
)
@click.option("--engine", help="Segment with this engine; implies --segment.")
@click.option("--segment", is_flag=True, help="Segment what is uploaded.")
@click.option("--watch", is_flag=True, help="Stay and show what happens; implies --segment.")
@click.option("--url", help="The address of celltally; otherwise the one running here.")
def upload(  # noqa: PLR0913 - one parameter an option.
    folder: Path, title: str, engine: str | None, url: str | None, *, segment: bool, watch: bool
) -> None:
    """Upload every file below FOLDER, as the account whose token is in CELLTALLY_TOKEN.

    Content that the project has already is not stored twice, so running it again goes on
    where it was interrupted. The exit code is 1 when a file was refused.
    """
    paths = sorted(path for path in folder.rglob("*") if _is_wanted(path.relative_to(folder), path))
    if not paths:
        raise InvalidInputError(f"{folder} has no files")
    with RestClient(url or _address_here(), token=_token()) as client:
        project = client.project_called(title) or client.create_project(title)
        refused = _upload_all(client, project["id"], paths)
        if segment or watch or engine is not None:
            _segment(client, project["id"], engine, watch=watch)
    if refused:
        raise click.exceptions.Exit(1)


def _upload_all(client: RestClient, project_id: str, paths: list[Path]) -> int:
    """Upload with a progress bar, name what was refused; return how many that were."""
    images, duplicates, rejected = 0, 0, []
    total = sum(path.stat().st_size for path in paths)
    with click.progressbar(length=total, label=f"{len(paths)} files") as bar:
        for some in batches(paths):
            verdict = client.upload(project_id, some)
            images += len(verdict["images"])
            duplicates += len(verdict["duplicates"])
            rejected += verdict["rejected"]
            bar.update(sum(path.stat().st_size for path in some))
    for refusal in rejected:
        click.echo(f"{refusal['filename']}: {refusal['detail']} ({refusal['code']})", err=True)
    click.echo(f"{images} added, {duplicates} known already, {len(rejected)} refused")
    return len(rejected)


def batches(paths: list[Path]) -> Iterator[list[Path]]:
    """Part the files into requests that are neither many nor large."""
    some: list[Path] = []
    size = 0
    for path in paths:
        more = path.stat().st_size
        if some and (len(some) == _FILES or size + more > _BYTES):
            yield some
            some, size = [], 0
        some.append(path)
        size += more
    yield some


def _segment(client: RestClient, project_id: str, engine: str | None, *, watch: bool) -> None:
    wish: dict[str, Any] = {} if engine is None else {"engine": engine}
    if not watch:
        _say_queued(client.segment(project_id, **wish))
        return
    names = {image["id"]: image["filename"] for image in client.images(project_id)}
    progress = ProjectWatch(names, click.echo)
    ticket = client.ticket()
    channels = [f"project:{project_id}", f"images:{project_id}"]
    with LiveUpdates(ticket["url"], ticket=ticket["ticket"], channels=channels) as live:
        batch = client.segment(project_id, **wish)
        _say_queued(batch)
        if batch["queued"]:
            _follow(live, progress)
    click.echo(f"tally  {described(client.stats(project_id))}")


def _follow(live: LiveUpdates, progress: ProjectWatch) -> None:
    for message in live.updates(silence=_SILENCE_SECONDS):
        progress.see(message)
        if progress.finished:
            return
    raise UnavailableError(
        f"nothing happened for {_SILENCE_SECONDS / 60:g} minutes, and it goes on without this "
        "terminal. Is a worker running? Ask `celltally doctor`"
    )


def _say_queued(batch: Json) -> None:
    click.echo(f"{batch['queued']} queued for {batch['engine']}, {batch['skipped']} skipped")


def _token() -> str:
    token = os.environ.get(TOKEN)
    if not token:
        raise ConfigurationError(
            f"set {TOKEN}: make a token with `celltally token create EMAIL --name upload`"
        )
    return token


def _address_here() -> str:
    settings = Settings.from_environment()
    published = read_published(settings.absolute_home) or {}
    return published.get("web", settings.web_address)


def _is_wanted(name: Path, path: Path) -> bool:
    """Leave out folders, and what file managers hide."""
    return path.is_file() and not any(part.startswith(".") for part in name.parts)
