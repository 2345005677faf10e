"""Recount projects from their rows, repair drift, raise versions after a restore (rules.md 31)."""

from collections.abc import Callable, Iterator
from functools import partial
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from shared.database import access, drift, stats
from shared.database.drift import Drift
from shared.database.engine import Database
from shared.database.transaction import Transaction
from shared.domain.stats import VERSION_BUMP

# A project may hold a million images; this is no request that somebody waits for.
PATIENCE_SECONDS = 3600

#: Nobody watches over the scheduler's recount; a million images take a second.
UNWATCHED_SECONDS = 120

#: Projects that the scheduler compares at a time.
STEP = 100

logger = get_logger(__name__)


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


def reconcile_some(
    database: Database, *, at_most: int = STEP, stopped: Callable[[], bool] = lambda: False
) -> Iterator[Drift]:
    """Compare the projects that waited longest with their rows; yield what was repaired.

    One that cannot be compared now is logged, and does not keep the others from their turn.
    """
    with database.reading() as connection:
        due = drift.due_projects(connection, at_most)
    for project_id in due:
        if stopped():
            return
        try:
            found = _reconcile(database, project_id)
        except SQLAlchemyError:
            logger.exception("a project could not be recounted", project_id=str(project_id))
            continue
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


def _reconcile(database: Database, project_id: UUID) -> Drift | None:
    # Before, and not after it: one that cannot be recounted must not take every turn.
    database.transact(lambda tx: drift.mark_reconciled(tx.connection, project_id))
    found = database.transact(partial(_find, project_id, seconds=UNWATCHED_SECONDS))
    if found is not None:
        repair(database, project_id)
    return found


def _find(project_id: UUID, tx: Transaction, seconds: int = PATIENCE_SECONDS) -> Drift | None:
    tx.take_at_most(seconds)
    return drift.find_drift(tx.connection, project_id)


def _repair(project_id: UUID, tx: Transaction) -> None:
    tx.take_at_most(PATIENCE_SECONDS)
    if not access.lock_against_deletion(tx.connection, project_id):
        return
    drift.ensure_stats_row(tx.connection, project_id)
    # Two repairs at once would both append: the second waits here, and finds nothing left.
    stats.lock_stats(tx.connection, project_id)
    if (found := drift.find_drift(tx.connection, project_id)) is not None:
        drift.append_correction(tx.connection, found)


def _bump(project_id: UUID, tx: Transaction) -> None:
    tx.take_at_most(PATIENCE_SECONDS)
    if access.lock_against_deletion(tx.connection, project_id):
        drift.bump_project(tx.connection, project_id, VERSION_BUMP)
