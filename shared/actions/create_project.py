"""Make a project."""

from uuid import UUID

from shared.actions.activities import record_project_act
from shared.actions.announcing import tell
from shared.database import dashboards, projects
from shared.database.projects import Brief, NewProject
from shared.database.transaction import Transaction
from shared.domain.accounts import Role
from shared.domain.activities import ActivityType
from shared.domain.events import AccessChange
from shared.messaging.ports import TaskQueue


def create_project(tx: Transaction, queue: TaskQueue, project: NewProject) -> UUID:
    """Make the project with its empty tally, and return its id."""
    project_id = projects.insert(tx.connection, project)
    made = Brief(project_id, project.owner_id, project.title)
    tell(tx, project.owner_id, made, AccessChange.CREATED, Role.OWNER)
    dashboards.mark_due(tx.connection, project.owner_id)
    tx.after_commit(lambda: queue.ask_dashboard(project.owner_id))
    record_project_act(tx, ActivityType.PROJECT_CREATED, made)
    return project_id
