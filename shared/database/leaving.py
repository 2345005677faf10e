"""Accounts that their people deleted: gone at once, their rows as soon as they are empty."""

from uuid import UUID

from sqlalchemy import Connection, text

# The address is free again; the row stays until its projects are emptied.
_MARK = text(
    "UPDATE users SET deleting = true, email = 'deleted:' || id, name = 'Deleted account',"
    " preferences = '{}' WHERE id = :user_id"
)

_PROJECTS = text("SELECT id FROM projects WHERE owner_id = :user_id AND NOT deleting ORDER BY id")

_LEAVING = text("SELECT id FROM users WHERE deleting ORDER BY id")

_DELETE = text(
    "DELETE FROM users AS u WHERE u.id = :user_id AND u.deleting"
    " AND NOT EXISTS (SELECT FROM projects AS p WHERE p.owner_id = u.id) RETURNING u.id"
)


def mark_leaving(connection: Connection, user_id: UUID) -> None:
    """Make the account nobody's."""
    connection.execute(_MARK, {"user_id": user_id})


def own_projects(connection: Connection, user_id: UUID) -> list[UUID]:
    """Return the user's projects that are not being deleted."""
    return list(connection.execute(_PROJECTS, {"user_id": user_id}).scalars())


def leaving_accounts(connection: Connection) -> list[UUID]:
    """Return the accounts that are nobody's and still have rows."""
    return list(connection.execute(_LEAVING).scalars())


def delete_account(connection: Connection, user_id: UUID) -> bool:
    """Delete an account that is nobody's; False while it has projects."""
    return connection.execute(_DELETE, {"user_id": user_id}).first() is not None
