"""Who may read a project's history: its members of now, or those it had when it was deleted."""

from uuid import UUID

from sqlalchemy import Connection, text

from shared.database import access, cards

#: The owner and the collaborators of a project that is there, by its id.
_MEMBERS = f"""
SELECT owner_id AS user_id FROM projects WHERE id = {{project}}
UNION SELECT user_id FROM ({access.MEMBERS.format(condition="s.project_id = {project}")}) AS m
"""  # noqa: S608

#: The projects whose history :user_id may read.
READABLE = f"""
SELECT id FROM ({cards.OWNERS["all"]}) AS reach (id, role)
WHERE EXISTS (SELECT FROM projects AS p WHERE p.id = reach.id AND NOT p.deleting)
UNION SELECT project_id FROM former_members WHERE user_id = :user_id
"""  # noqa: S608 - built from constants of this package

_REMEMBER = text(
    f"""
INSERT INTO former_members (user_id, project_id)
SELECT user_id, :project_id FROM ({_MEMBERS.format(project=":project_id")}) AS members
ON CONFLICT DO NOTHING
"""  # noqa: S608
)

_READABLE = text(READABLE)


def readers_of(project: str) -> str:
    """Return the query for `user_id` of whoever may read the history of the SQL value *project*."""
    return f"""
SELECT m.user_id FROM ({_MEMBERS.format(project=project)}) AS m
WHERE EXISTS (SELECT FROM projects AS p WHERE p.id = {project} AND NOT p.deleting)
UNION SELECT user_id FROM former_members WHERE project_id = {project}
"""  # noqa: S608


def readable_projects(connection: Connection, user_id: UUID) -> frozenset[UUID]:
    """Return the projects whose history the user may read now."""
    return frozenset(connection.execute(_READABLE, {"user_id": user_id}).scalars())


def remember_members(connection: Connection, project_id: UUID) -> None:
    """Let the members of a project that goes read its history afterwards."""
    connection.execute(_REMEMBER, {"project_id": project_id})
