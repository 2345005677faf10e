"""`celltally stats reconcile`, beside `celltally stats`, which is the worker that recounts."""

import click

from shared.actions.reconcile_stats import bump_versions, drifted_projects
from shared.actions.reconcile_stats import repair as repair_drift
from shared.commands.processes import stats
from shared.config import Settings
from shared.database.drift import Drift
from shared.database.engine import Database
from shared.domain.stats import VERSION_BUMP
from shared.servers.addresses import server_urls

__all__ = ["reconcile", "stats"]


@stats.command()
@click.option("--repair", is_flag=True, help="Append the deltas that put wrong counts right.")
@click.option(
    "--bump",
    is_flag=True,
    help=f"Raise all versions by {VERSION_BUMP:,}, after a restore from a backup.",
)
def reconcile(*, repair: bool, bump: bool) -> None:
    """Recount every project from its rows; print where its counts are wrong.

    The exit code is 1 when counts were wrong and are not repaired.
    """
    urls = server_urls(Settings.from_environment())
    database = Database(urls.database, pool_size=1, name="celltally-reconcile")
    try:
        drifted = _print_drift(database, repair=repair)
        if bump:
            click.echo(f"raised the versions of {bump_versions(database)} projects")
    finally:
        database.close()
    if drifted and not repair:
        click.echo("put them right with `celltally stats reconcile --repair`", err=True)
        raise click.exceptions.Exit(1)


def _print_drift(database: Database, *, repair: bool) -> int:
    """Print each project whose counts are wrong, repaired when wanted; return how many."""
    drifted = 0
    for drift in drifted_projects(database):
        click.echo(_described(drift))
        drifted += 1
        if repair:
            repair_drift(database, drift.project_id)
    if not drifted:
        click.echo("the counts of all projects are those of their rows")
    else:
        word = "repaired" if repair else "wrong"
        click.echo(f"{drifted} {'project' if drifted == 1 else 'projects'} {word}")
    return drifted


def _described(drift: Drift) -> str:
    wrong = ", ".join(f"{name} {by:+d}" for name, by in drift.differences.items())
    return f"{drift.project_id}  {drift.title}: the rows differ by {wrong}"
