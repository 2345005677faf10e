"""Change what a project's card shows and no count tells."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from shared.actions.activities import record_project_act
from shared.actions.announcing import tell_everybody
from shared.database import projects
from shared.database.projects import Brief
from shared.database.transaction import Transaction
from shared.domain.activities import ActivityType
from shared.domain.errors import NotFoundError
from shared.domain.events import AccessChange, Operation
from shared.messaging.ports import TaskQueue


def change_project(  # noqa: PLR0913 - named, each of them
    tx: Transaction,
    queue: TaskQueue,
    project_id: UUID,
    *,
    changes: dict[str, Any],
    actor_id: UUID,
    op_id: str | None = None,
) -> None:
    """Set title, description, pixel size or channels, and have every card of it told."""
    if not changes:
        return
    before = projects.lock_open(tx.connection, project_id)
    if before is None:
        raise NotFoundError("This project does not exist.")
    projects.change(tx.connection, project_id, changes)
    projects.raise_version(tx.connection, project_id, Operation.PROJECT_UPDATED, op_id)
    tx.after_commit(lambda: queue.ask_recompute(project_id))
    title = changes.get("title", before.title)
    if title != before.title:
        _tell_title(tx, replace(before, title=title), actor_id)


def _tell_title(tx: Transaction, renamed: Brief, actor_id: UUID) -> None:
    tell_everybody(tx, renamed, AccessChange.RENAMED)
    record_project_act(tx, ActivityType.PROJECT_RENAMED, renamed, actor_id=actor_id)
