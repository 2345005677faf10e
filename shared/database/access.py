"""Who may see what: the one question that every route and every subscription asks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from shared.domain.accounts import Role

# Who is in whose project by a share that holds now: neither pending nor revoked nor expired.
# Of several shares the best role counts; `until` is when the first of them expires.
MEMBERS = """
SELECT s.project_id, m.user_id, min(s.expires_at) AS until,
       CASE WHEN bool_or(s.role = 'editor') THEN 'editor' ELSE 'viewer' END AS role
FROM memberships AS m JOIN project_shares AS s ON s.id = m.share_id
WHERE s.revoked_at IS NULL AND (s.expires_at IS NULL OR s.expires_at > now()) AND {condition}
GROUP BY s.project_id, m.user_id
"""

# The owner's row and the members'; a project being deleted is gone.
_ACCESS = text(
    f"""
SELECT CASE WHEN p.owner_id = :user_id THEN 'owner' ELSE m.role END AS role,
       CASE WHEN p.owner_id <> :user_id THEN m.until END AS until
FROM projects AS p
LEFT JOIN LATERAL (
    {MEMBERS.format(condition="s.project_id = p.id AND m.user_id = :user_id")}
) AS m ON true
WHERE p.id = :project_id AND NOT p.deleting
"""  # noqa: S608 - built from constants of this module
)

_MEMBERS_OF = text(MEMBERS.format(condition="s.project_id = :project_id"))

# As _ACCESS, for many at once.
_HOLDING = text(
    f"""
SELECT asked.user_id, asked.project_id, p.owner_id = asked.user_id AS owns, m.until
FROM unnest(CAST(:user_ids AS uuid[]), CAST(:project_ids AS uuid[])) AS asked (user_id, project_id)
JOIN projects AS p ON p.id = asked.project_id AND NOT p.deleting
LEFT JOIN LATERAL (
    {MEMBERS.format(condition="s.project_id = p.id AND m.user_id = asked.user_id")}
) AS m ON true
WHERE p.owner_id = asked.user_id OR m.role IS NOT NULL
"""  # noqa: S608
)

_PROJECT_OF_IMAGE = text("SELECT project_id FROM images WHERE id = :image_id")

_PROJECT_OF_RUN = text("SELECT project_id FROM runs WHERE id = :run_id")


_OWNER = text("SELECT owner_id FROM projects WHERE id = :project_id")

# First in the order of locks: project, images, runs (rules.md 18).
_LOCK = text("SELECT 1 FROM projects WHERE id = :project_id AND NOT deleting FOR KEY SHARE")


@dataclass(frozen=True, slots=True)
class Access:
    """What somebody may do in a project, and until when that holds for certain."""

    role: Role
    until: datetime | None  #: When it must be asked again; None when nothing expires.


def access_to_project(connection: Connection, user_id: UUID, project_id: UUID) -> Access | None:
    """Return the access of *user_id* to the project; None also when it does not exist."""
    row = connection.execute(_ACCESS, {"user_id": user_id, "project_id": project_id}).first()
    return None if row is None or row.role is None else Access(Role(row.role), row.until)


def role_in_project(connection: Connection, user_id: UUID, project_id: UUID) -> Role | None:
    """Return what *user_id* may do in the project; None also when it does not exist."""
    found = access_to_project(connection, user_id, project_id)
    return None if found is None else found.role


def members_of(connection: Connection, project_id: UUID) -> dict[UUID, Role]:
    """Return who is in the project beside its owner, and their roles."""
    rows = connection.execute(_MEMBERS_OF, {"project_id": project_id})
    return {row.user_id: Role(row.role) for row in rows}


def holding(
    connection: Connection, pairs: Iterable[tuple[UUID, UUID]]
) -> dict[tuple[UUID, UUID], datetime | None]:
    """Return those pairs of user and project that have access, and until when for certain."""
    asked = list(pairs)
    values = {"user_ids": [pair[0] for pair in asked], "project_ids": [pair[1] for pair in asked]}
    rows = connection.execute(_HOLDING, values)
    return {(row.user_id, row.project_id): None if row.owns else row.until for row in rows}


def project_of_image(connection: Connection, image_id: UUID) -> UUID | None:
    """Return the project that the image is in; None when there is no such image."""
    return connection.execute(_PROJECT_OF_IMAGE, {"image_id": image_id}).scalar()


def project_of_run(connection: Connection, run_id: UUID) -> UUID | None:
    """Return the project that the run is in; None when there is no such run."""
    return connection.execute(_PROJECT_OF_RUN, {"run_id": run_id}).scalar()


def owner_of(connection: Connection, project_id: UUID) -> UUID | None:
    """Return the owner of the project, also of one that is being deleted; None when it is gone."""
    return connection.execute(_OWNER, {"project_id": project_id}).scalar()


def lock_against_deletion(connection: Connection, project_id: UUID) -> bool:
    """Keep the project until the transaction ends; False when it is gone or going."""
    return connection.execute(_LOCK, {"project_id": project_id}).first() is not None
