"""`celltally engines`: the plug-ins installed on this machine."""

import socket
from urllib.error import URLError

import click

from shared.commands.tables import aligned
from shared.domain.errors import CelltallyError
from worker.engines.registry import InstalledEngine, discover, engine_class
from worker.engines.selftest import Verdict, self_test

_HEADER = ("engine", "version", "for", "licence", "title")


@click.group(invoke_without_command=True)
@click.pass_context
def engines(context: click.Context) -> None:
    """List the engines installed here, and why one of them cannot be used."""
    if context.invoked_subcommand is not None:
        return
    installed = discover()
    if not installed:
        raise click.ClickException("no engine is installed: install celltally, or a plug-in for it")
    for line in aligned([_HEADER, *map(_row, installed)]):
        click.echo(line)


@engines.command()
@click.argument("names", nargs=-1)
def test(names: tuple[str, ...]) -> None:
    """Have engines outline an image whose objects are known; all available ones unless named."""
    verdicts = [self_test(engine) for engine in _chosen(names)]
    for verdict in verdicts:
        click.echo(f"{verdict.engine}: {verdict.words}")
    if not all(verdict.passed for verdict in verdicts):
        raise click.ClickException(f"failed: {', '.join(_failed(verdicts))}")


engines.add_command(test, "check")


@engines.command()
@click.argument("name")
@click.argument("model", required=False)
def prefetch(name: str, model: str | None) -> None:
    """Fetch weights for engine NAME ahead of its tasks, which never do; MODEL as its makers say."""
    (engine,) = _chosen((name,))
    fetch = getattr(engine_class(engine.name), "prefetch", None)
    if fetch is None:
        click.echo(f"{name} needs no weights that could be fetched.")
        return
    try:
        place = fetch(model)
    except CelltallyError as refusal:
        raise click.ClickException(refusal.detail) from refusal
    except ImportError as missing:
        raise click.ClickException(f"{name}: {engine.reason or missing}") from missing
    except BaseException as broken:
        if isinstance(broken, KeyboardInterrupt | SystemExit):
            raise
        raise click.ClickException(_not_fetched(name, broken)) from broken
    click.echo(f"{name}: fetched into {place}")


def _row(engine: InstalledEngine) -> tuple[str, ...]:
    spec = engine.spec
    if spec is None:
        return (engine.name, "-", "-", "-", f"not available: {engine.reason}")
    modalities = ", ".join(spec.default or spec.modalities)
    title = spec.title if engine.available else f"{spec.title} - not available: {engine.reason}"
    return (spec.name, spec.version, modalities, spec.licence, title)


def _chosen(names: tuple[str, ...]) -> list[InstalledEngine]:
    installed = {engine.name: engine for engine in discover()}
    for name in names:
        if name not in installed:
            known = ", ".join(installed)
            raise click.ClickException(f"there is no engine {name!r}; installed: {known}")
    if names:
        return [installed[name] for name in names]
    return [engine for engine in installed.values() if engine.available]


def _failed(verdicts: list[Verdict]) -> list[str]:
    return [verdict.engine for verdict in verdicts if not verdict.passed]


def _not_fetched(name: str, broken: BaseException) -> str:
    """Say in one line why nothing came, and what can be done without a network."""
    first = next(iter(str(broken).splitlines()), "")
    offline = isinstance(broken, URLError | socket.gaierror | ConnectionError | TimeoutError)
    why = "this machine has no network" if offline else "perhaps there is no network here"
    return (
        f"{name}: its weights could not be fetched ({type(broken).__name__}: {first}); {why}. "
        "Fetch them on another machine and copy them: `celltally engines` says where to."
    )
