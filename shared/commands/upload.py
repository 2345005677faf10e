"""`celltally upload`: a folder from the terminal."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Lock
from typing import Any
from uuid import uuid4

import click

from shared.client.live import LiveUpdates
from shared.client.rest import Json, RestClient
from shared.client.uploading import LocalFile, Verdict, begun_uploads, upload_file
from shared.client.watching import ProjectWatch, described
from shared.commands.account import address_here, token_of_environment
from shared.domain.errors import InvalidInputError, UnavailableError

_AT_ONCE = 4
_SILENCE_SECONDS = 600.0


class _StoppedError(Exception):
    """Another file cannot be gone on with, or somebody pressed Ctrl-C."""


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

    Running it again goes on where it was interrupted, in the middle of a file too; what the
    project has already is not sent. The exit code is 1 when a file was refused.
    """
    paths = sorted(path for path in folder.rglob("*") if _is_wanted(path.relative_to(folder), path))
    if not paths:
        raise InvalidInputError(f"{folder} has no files")
    with RestClient(url or address_here(), token=token_of_environment(purpose="upload")) as client:
        project = client.project_called(title) or client.create_project(title)
        refused = _upload_all(client, project["id"], folder, paths)
        if segment or watch or engine is not None:
            _segment(client, project["id"], engine, watch=watch)
    if refused:
        raise click.exceptions.Exit(1)


def _upload_all(client: RestClient, project_id: str, folder: Path, paths: list[Path]) -> int:
    """Upload with a progress bar, name what was refused; return how many that were."""
    files = [LocalFile.of(path, folder) for path in paths]
    begun, op_id = begun_uploads(client, project_id), uuid4().hex
    told: list[tuple[LocalFile, Verdict]] = []
    with (
        click.progressbar(length=sum(file.size for file in files), label=_count(files)) as bar,
        ThreadPoolExecutor(_AT_ONCE) as threads,
    ):
        progress, lock, stopping = bar, Lock(), Event()

        def on_bytes(count: int) -> None:
            if stopping.is_set():
                raise _StoppedError
            with lock:
                progress.update(count)

        def send(file: LocalFile) -> Verdict:
            return upload_file(
                client,
                file,
                project_id=project_id,
                begun_at=begun.get(file.fingerprint),
                op_id=f"{op_id}/{uuid4().hex}",
                on_bytes=on_bytes,
            )

        sending = [(file, threads.submit(send, file)) for file in files]
        try:
            told = [(file, each.result()) for file, each in sending]
        except BaseException:
            stopping.set()
            threads.shutdown(wait=False, cancel_futures=True)
            raise
    return _say_verdicts(told)


def _say_verdicts(told: list[tuple[LocalFile, Verdict]]) -> int:
    refused = [(file, verdict.refusal) for file, verdict in told if verdict.refusal is not None]
    for file, refusal in refused:
        click.echo(f"{file.name}: {refusal.detail} ({refusal.code})", err=True)
    images = sum(verdict.images for _, verdict in told)
    known = sum(verdict.is_known for _, verdict in told)
    archives = sum(verdict.batch_id is not None for _, verdict in told)
    click.echo(f"{images} added, {known} known already, {len(refused)} refused")
    if archives:
        click.echo(f"{archives} ZIP archives are taken in by the workers, file by file")
    return len(refused)


def _count(files: list[LocalFile]) -> str:
    return "1 file" if len(files) == 1 else f"{len(files)} files"


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


def _is_wanted(name: Path, path: Path) -> bool:
    """Leave out folders, and what file managers hide."""
    return path.is_file() and not any(part.startswith(".") for part in name.parts)
