"""Delete an account with its projects: gone at once, its rows as soon as they are emptied."""

import time
from uuid import UUID

from shared.actions.announcing import changing_members, order
from shared.actions.delete_project import empty_project, hide_project
from shared.database import leaving, logins, projects, shares
from shared.database.engine import Database
from shared.database.transaction import Transaction
from shared.domain.control import EndUser
from shared.domain.errors import NotFoundError
from shared.messaging.ports import TaskQueue


def delete_account(
    database: Database, queue: TaskQueue, user_id: UUID, *, budget_seconds: float = 2.0
) -> bool:
    """Make the account nobody's and delete its rows within the budget; False when a rest is left.

    Its logins, tokens and sockets end, its projects are hidden and it leaves those of others, all
    in one transaction. `finish_accounts` takes the rest.
    """
    database.transact(lambda tx: _leave(tx, queue, user_id))
    until = time.monotonic() + budget_seconds
    with database.reading() as connection:
        hidden = projects.hidden(connection, owner_id=user_id)
    for project_id in hidden:
        if not empty_project(database, queue, project_id, until=until):
            return False
    return database.transact(lambda tx: leaving.delete_account(tx.connection, user_id))


def finish_accounts(database: Database, queue: TaskQueue) -> int:
    """Go on with accounts that are nobody's; return how many still have projects."""
    with database.reading() as connection:
        begun = leaving.leaving_accounts(connection)
    # Again from the start: a request that was on its way may have made another project.
    return sum(not delete_account(database, queue, user_id) for user_id in begun)


def _leave(tx: Transaction, queue: TaskQueue, user_id: UUID) -> None:
    leaving.mark_leaving(tx.connection, user_id)
    logins.close_sessions(tx.connection, user_id)
    logins.drop_tokens(tx.connection, user_id)
    order(tx, EndUser(user_id=user_id))
    for project_id in leaving.own_projects(tx.connection, user_id):
        hide_project(tx, queue, project_id)
    for project_id in shares.joined_projects(tx.connection, user_id):
        _leave_project(tx, project_id, user_id)


def _leave_project(tx: Transaction, project_id: UUID, user_id: UUID) -> None:
    try:
        with changing_members(tx, project_id):
            shares.leave(tx.connection, project_id, user_id)
    except NotFoundError:
        pass  # It is being deleted, and the membership with it.
