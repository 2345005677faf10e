"""Recount projects from their rows, repair drift, raise versions after a restore (rules.md 31)."""

from collections.abc import Callable, Iterator
from functools import partial
from uuid import UUID

from sqlalchemy import text

from shared.database import access, drift, stats
from shared.database.drift import Drift
from shared.database.engine import Database
from shared.database.transaction import Transaction
from shared.domain.stats import VERSION_BUMP

# A project may hold a million images; this is no request that somebody waits for.
_PATIENTLY = text("SET LOCAL statement_timeout = 0")


def drifted_projects(
    database: Database, stopped: Callable[[], bool] = lambda: False
) -> Iterator[Drift]:
    """Yield the projects whose tally is not what their rows say; none any more once *stopped*."""
    with database.reading() as connection:
        everything = drift.project_ids(connection)
    for project_id in everything:
        if stopped():
            return
        found = database.transact(partial(_find, project_id))
        if found is not None:
            yield found


def repair(database: Database, project_id: UUID) -> None:
    """Append the delta that makes the project's tally right; the next fold announces it."""
    database.transact(partial(_repair, project_id))


def bump_versions(database: Database) -> int:
    """Raise every version past all that browsers may have seen; return how many projects.

    After a restore from a backup they hold higher versions than the database, and would
    take everything new for old.
    """
    with database.reading() as connection:
        everything = drift.project_ids(connection)
    for project_id in everything:
        database.transact(partial(_bump, project_id))
    database.transact(lambda tx: drift.bump_dashboards(tx.connection, VERSION_BUMP))
    return len(everything)


def _find(project_id: UUID, tx: Transaction) -> Drift | None:
    tx.execute(_PATIENTLY)
    return drift.find_drift(tx.connection, project_id)


def _repair(project_id: UUID, tx: Transaction) -> None:
    tx.execute(_PATIENTLY)
    if not access.lock_against_deletion(tx.connection, project_id):
        return
    drift.ensure_stats_row(tx.connection, project_id)
    # Two repairs at once would both append: the second waits here, and finds nothing left.
    stats.lock_stats(tx.connection, project_id)
    drift.append_correction(tx.connection, project_id)


def _bump(project_id: UUID, tx: Transaction) -> None:
    tx.execute(_PATIENTLY)
    if access.lock_against_deletion(tx.connection, project_id):
        drift.bump_project(tx.connection, project_id, VERSION_BUMP)
