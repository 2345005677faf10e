"""`celltally evaluate DIR`: how well and how fast engines do on a folder of annotated images."""

import json
from pathlib import Path
from typing import Any

import click

from shared.commands.tables import aligned
from shared.domain.choice import AUTOMATIC
from shared.domain.engines import Modality
from shared.domain.errors import InvalidInputError
from worker.engines.registry import InstalledEngine, discover
from worker.evaluation import report
from worker.evaluation.datasets import Annotated, annotated_images, modality_of
from worker.evaluation.running import Guess, Task, guesses, run_apart


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--engine", "names", multiple=True, help="Only this one; `auto` chooses for each image."
)
@click.option("--params", default="{}", help="Parameters of the engine, as JSON.")
@click.option(
    "--modality",
    type=click.Choice([str(each) for each in Modality]),
    help="What the images are; else guessed.",
)
@click.option("--json", "as_json", is_flag=True, help="Everything, each image included, as JSON.")
def evaluate(
    folder: Path, names: tuple[str, ...], params: str, modality: str | None, *, as_json: bool
) -> None:
    """Outline the annotated images of FOLDER and compare with their masks.

    FOLDER holds images/ and masks/ with files of the same names, or a manifest.csv. Without
    --engine, each available engine is given the images of the kinds that it is made for, and
    `auto` all of them.
    """
    images = _with_modality(annotated_images(folder), modality)
    given = _params(params)
    evaluations = [run_apart(task) for task in _tasks(images, names, given)]
    rows = [row for each in evaluations for row in report.summary(each)]
    rows.sort(key=lambda row: (row["modality"], -row["f1"]))
    told = guesses(images)
    if as_json:
        click.echo(json.dumps(report.as_json(rows, evaluations, told), indent=2))
    else:
        _show(rows, told)
    for each in evaluations:
        if each.problem is not None:
            click.echo(f"{each.engine}: {each.problem}", err=True)
    if not rows:
        raise click.ClickException("nothing was evaluated")


def _show(rows: list[dict[str, Any]], told: list[Guess]) -> None:
    for line in aligned(report.table(rows)):
        click.echo(line)
    if told:
        click.echo(report.told_right(told))


def _with_modality(images: list[Annotated], said: str | None) -> list[Annotated]:
    if said is None:
        return images
    return [Annotated(each.image, each.mask, Modality(said)) for each in images]


def _params(written: str) -> dict[str, Any]:
    try:
        given = json.loads(written)
    except ValueError as wrong:
        raise InvalidInputError(f"--params is no JSON: {wrong}") from None
    if not isinstance(given, dict):
        raise InvalidInputError('--params is no JSON object, such as {"method": "otsu"}.')
    return given


def _tasks(images: list[Annotated], names: tuple[str, ...], params: dict[str, Any]) -> list[Task]:
    if names:
        return [Task(_known(name), images, params) for name in names]
    if params:
        raise InvalidInputError("--params needs --engine: every engine has its own.")
    kinds = [(each, modality_of(each.read()[0], each.modality)) for each in images]
    available = [engine for engine in discover() if engine.available]
    tasks = [Task(engine.name, _suited(engine, kinds)) for engine in available]
    return [task for task in [*tasks, Task(AUTOMATIC, images)] if task.images]


def _suited(engine: InstalledEngine, kinds: list[tuple[Annotated, Modality]]) -> list[Annotated]:
    meant = set() if engine.spec is None else set(engine.spec.modalities)
    return [each for each, kind in kinds if kind in meant]


def _known(name: str) -> str:
    installed = [engine.name for engine in discover()]
    if name not in (*installed, AUTOMATIC):
        raise InvalidInputError(
            f"There is no engine {name!r}. Installed: {', '.join(installed)}; or {AUTOMATIC}."
        )
    return name
