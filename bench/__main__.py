"""`python -m bench [NAME …]`, which is `make bench ONLY=NAME`."""

import click

from bench.goals import GOALS
from bench.rounds import Scale
from bench.runner import chosen, measure, modules_by_figure, write_results
from shared.domain.errors import CelltallyError

_QUICK = Scale(rounds=1, divisor=20)


@click.command()
@click.argument("names", nargs=-1)
@click.option("--quick", is_flag=True, help="Small and once, to try it; nothing is kept.")
def main(names: tuple[str, ...], *, quick: bool) -> None:
    """Measure what celltally costs beside its peers; print name value unit peer value ratio."""
    try:
        figures = chosen(modules_by_figure(), names)
    except CelltallyError as refusal:
        raise click.UsageError(refusal.detail) from refusal
    measured = []
    for one in measure(figures, _QUICK if quick else Scale()):
        click.echo(one.line())
        measured.append(one)
    if quick:
        return
    write_results(measured)
    for one in measured:
        goal = GOALS.get(one.name)
        if goal is not None and not one.meets(goal):
            click.secho(f"{one.name} misses its goal: {goal}", err=True, fg="yellow")


if __name__ == "__main__":
    main()
