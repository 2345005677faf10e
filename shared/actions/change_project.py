"""Change what a project's card shows and no count tells."""

from typing import Any
from uuid import UUID

from shared.database import projects
from shared.database.transaction import Transaction
from shared.domain.errors import NotFoundError
from shared.domain.events import Operation
from shared.messaging.ports import TaskQueue


def change_project(
    tx: Transaction,
    queue: TaskQueue,
    project_id: UUID,
    *,
    changes: dict[str, Any],
    op_id: str | None = None,
) -> None:
    """Set title, description or pixel size, and have every card of it told."""
    if not changes:
        return
    if not projects.change(tx.connection, project_id, changes):
        raise NotFoundError("This project does not exist.")
    projects.raise_version(tx.connection, project_id, Operation.PROJECT_UPDATED, op_id)
    tx.after_commit(lambda: queue.ask_recompute(project_id))
