"""Make a project."""

from uuid import UUID

from shared.database import dashboards, projects
from shared.database.projects import NewProject
from shared.database.transaction import Transaction
from shared.messaging.ports import TaskQueue


def create_project(tx: Transaction, queue: TaskQueue, project: NewProject) -> UUID:
    """Make the project with its empty tally, and return its id."""
    project_id = projects.insert(tx.connection, project)
    dashboards.mark_due(tx.connection, project.owner_id)
    tx.after_commit(lambda: queue.ask_dashboard(project.owner_id))
    return project_id
