"""`celltally audit`: every invariant of the database and of the storage, one line each."""

import click

from shared.actions.audit import Finding, check_invariants
from shared.config import Settings
from shared.database.engine import Database
from shared.servers.addresses import server_urls
from shared.storage import open_storage


@click.command()
def audit() -> None:
    """Check every invariant; exit with 1 when one is broken."""
    settings = Settings.from_environment()
    database = Database(server_urls(settings).database, pool_size=1, name="celltally-audit")
    storage = open_storage(settings.file_storage_url)
    try:
        broken = [show(finding) for finding in check_invariants(database, storage)].count(False)
    finally:
        database.close()
    if broken:
        raise click.exceptions.Exit(1)


def show(finding: Finding) -> bool:
    """Print the finding as one line; tell whether its invariant holds."""
    if finding.holds:
        click.echo(f"ok    never: {finding.broken}")
    else:
        click.secho(f"FAIL  {described(finding)}", fg="red")
    return finding.holds


def described(finding: Finding) -> str:
    """Return who breaks the invariant, and the remedy."""
    count = finding.offenders.count
    number = f"{count} offender{'' if count == 1 else 's'}"
    ids = ", ".join(finding.offenders.first) + (
        ", …" if count > len(finding.offenders.first) else ""
    )
    return f"{finding.broken}: {number}: {ids}; {finding.remedy}"
