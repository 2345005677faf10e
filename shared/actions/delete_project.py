"""Delete a project: hidden at once, emptied in chunks, then gone."""

import logging
import time
from uuid import UUID

from shared.actions.activities import record_project_act
from shared.actions.announcing import cut_off, tell_everybody
from shared.actions.delete_images import CHUNK, delete_chunk
from shared.actions.exports import cancel_exports_of_project
from shared.database import access, dashboards, images, ingests, projects, readers, stats
from shared.database.engine import Database
from shared.database.transaction import Transaction
from shared.domain.activities import ActivityType
from shared.domain.errors import NotFoundError
from shared.domain.events import AccessChange, Operation
from shared.messaging.ports import TaskQueue

logger = logging.getLogger(__name__)


def delete_project(
    database: Database, queue: TaskQueue, project_id: UUID, *, budget_seconds: float = 2.0
) -> bool:
    """Hide the project, and empty it within the budget; False when a rest is left.

    `finish_deletions` takes the rest, so a large project keeps nobody waiting.
    """
    database.transact(lambda tx: hide_project(tx, queue, project_id))
    return empty_project(database, queue, project_id, until=time.monotonic() + budget_seconds)


def finish_deletions(database: Database, queue: TaskQueue, *, budget_seconds: float = 5.0) -> int:
    """Go on with deletions that began; return how many projects are still being emptied."""
    until = time.monotonic() + budget_seconds
    with database.reading() as connection:
        begun = projects.hidden(connection)
    return sum(not empty_project(database, queue, project_id, until=until) for project_id in begun)


def hide_project(tx: Transaction, queue: TaskQueue, project_id: UUID) -> None:
    """Begin a deletion: nobody sees the project from the commit on, and all its people are told."""
    project = projects.lock_open(tx.connection, project_id)
    if project is None:
        raise NotFoundError("This project does not exist.")
    tell_everybody(tx, project, AccessChange.DELETED)
    cancel_exports_of_project(tx, project_id)
    members = access.members_of(tx.connection, project_id)
    cut_off(tx, project_id, [project.owner_id, *members])
    readers.remember_members(tx.connection, project_id)
    projects.hide(tx.connection, project_id)
    dashboards.mark_due(tx.connection, project.owner_id)
    tx.after_commit(lambda: queue.ask_dashboard(project.owner_id))
    record_project_act(tx, ActivityType.PROJECT_DELETED, project)


def empty_project(database: Database, queue: TaskQueue, project_id: UUID, *, until: float) -> bool:
    """Delete chunk after chunk, then the hidden project; False when the time was up before."""
    while time.monotonic() < until:
        gone = database.transact(
            lambda tx: _delete_some(tx, queue, project_id), operation=Operation.IMAGES_DELETED
        )
        if gone:
            return True
    logger.info("project %s is still being emptied", project_id)
    return False


def _delete_some(tx: Transaction, queue: TaskQueue, project_id: UUID) -> bool:
    """Delete a chunk of images; when there is none left, the project. Tell whether it went."""
    projects.lock(tx.connection, project_id)
    chunk = images.next_chunk(tx.connection, project_id, CHUNK)
    if chunk:
        delete_chunk(tx, queue, project_id, chunk)
        return False
    # What was done in it today stays done: the acts go to its owner's buckets (rules.md 9).
    if stats.lock_stats(tx.connection, project_id):
        stats.fold_deltas(tx.connection, project_id)
    ingests.leave_archives(tx.connection, project_id)
    projects.delete(tx.connection, project_id)
    tx.after_commit(lambda: queue.ask_recompute(project_id))  # Drops the deltas of the project.
    return True
