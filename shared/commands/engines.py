"""`celltally engines`: the plug-ins installed on this machine."""

from importlib.metadata import EntryPoint, entry_points

import click

from shared.commands.tables import aligned
from shared.domain.engines import EngineSpec

GROUP = "celltally.engines"
_HEADER = ("engine", "version", "for", "licence", "title")


@click.command()
def engines() -> None:
    """List the engines installed here, and why one of them cannot be used."""
    points = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    if not points:
        raise click.ClickException("no engine is installed: install celltally, or a plug-in for it")
    for line in aligned([_HEADER, *map(_row, points)]):
        click.echo(line)


def _row(point: EntryPoint) -> tuple[str, ...]:
    try:
        spec: EngineSpec = point.load().spec
    except Exception as problem:  # A plug-in may fail in any way.
        return (point.name, "-", "-", "-", f"not available: {type(problem).__name__}: {problem}")
    modalities = ", ".join(spec.default or spec.modalities)
    return (spec.name, spec.version, modalities, spec.licence, spec.title)
