"""Shares, and who came in by them. Whether that gives access is asked of `access` alone."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.engine import RowMapping

from shared.database.paging import Cut, Page, both_ways, cut_clauses, page_of
from shared.domain.accounts import Role

ORDERS = both_ways("s.created_at", "timestamptz", "createdAt")

# By the clock and not by the transaction's beginning: it may have waited for a lock.
_STATUS = """
CASE WHEN s.revoked_at IS NOT NULL THEN 'revoked'
     WHEN s.expires_at <= clock_timestamp() THEN 'expired'
     WHEN s.accepted_at IS NOT NULL THEN 'accepted'
     ELSE 'pending' END
"""

_SHARES = f"""
SELECT s.id, s.project_id, s.email, s.role, s.expires_at, s.created_at,
       {_STATUS} AS status, {{sort_key}} AS sort_key, coalesce((
           SELECT jsonb_agg(
               jsonb_build_object('id', u.id, 'name', u.name, 'email', u.email)
               ORDER BY m.joined_at, u.id
           )
           FROM memberships AS m JOIN users AS u ON u.id = m.user_id
           WHERE m.share_id = s.id AND s.revoked_at IS NULL
       ), '[]') AS accepted_by
FROM project_shares AS s WHERE {{condition}} {{tail}}
"""  # noqa: S608 - built from constants of this module

# One open share an address: who is invited again gets the new role and the new end.
_OFFER = text(
    """
INSERT INTO project_shares AS s (project_id, email, role, expires_at)
VALUES (:project_id, :email, :role, :expires_at)
ON CONFLICT (project_id, lower(email)) WHERE revoked_at IS NULL AND email IS NOT NULL
DO UPDATE SET role = excluded.role, expires_at = excluded.expires_at
RETURNING id, xmax = 0 AS is_new
"""
)

_INVITATION = text(
    f"""
SELECT s.id, s.project_id, s.email, s.role, {_STATUS} AS status, p.title, p.owner_id,
       u.name AS owner_name
FROM project_shares AS s
JOIN projects AS p ON p.id = s.project_id AND NOT p.deleting
JOIN users AS u ON u.id = p.owner_id
WHERE s.id = :share_id
"""  # noqa: S608
)

_JOIN = text(
    "INSERT INTO memberships (share_id, user_id) VALUES (:share_id, :user_id)"
    " ON CONFLICT DO NOTHING"
)
_ACCEPTED = text(
    "UPDATE project_shares SET accepted_at = coalesce(accepted_at, now()) WHERE id = :share_id"
)

_REVOKE = text(
    "UPDATE project_shares SET revoked_at = coalesce(revoked_at, now())"
    " WHERE id = :share_id AND project_id = :project_id RETURNING id"
)

# An address that left may come back, so its share waits again; a link stays accepted.
_LEAVE = text(
    """
WITH gone AS (
    DELETE FROM memberships AS m USING project_shares AS s
    WHERE s.id = m.share_id AND s.project_id = :project_id AND m.user_id = :user_id
    RETURNING m.share_id
)
UPDATE project_shares SET accepted_at = NULL
WHERE id IN (SELECT share_id FROM gone) AND email IS NOT NULL
"""
)

_JOINED = text(
    "SELECT DISTINCT s.project_id FROM memberships AS m"
    " JOIN project_shares AS s ON s.id = m.share_id WHERE m.user_id = :user_id"
    " ORDER BY s.project_id"
)


@dataclass(frozen=True, slots=True)
class Offer:
    """What an owner offers; an address, or None for whoever holds the link."""

    email: str | None
    role: Role
    expires_at: datetime | None = None


def offer(connection: Connection, project_id: UUID, offered: Offer) -> tuple[UUID, bool]:
    """Keep the offer; return the id of its share and whether that is a new one."""
    values = {
        "project_id": project_id,
        "email": offered.email,
        "role": offered.role,
        "expires_at": offered.expires_at,
    }
    row = connection.execute(_OFFER, values).one()
    return row.id, row.is_new


def list_shares(connection: Connection, project_id: UUID, cut: Cut) -> Page:
    """Return one page of the project's shares, also of those that are over."""
    condition, tail, parameters = cut_clauses(cut, "s.id")
    condition += " AND s.project_id = :project_id"
    statement = text(_SHARES.format(sort_key=cut.order.expression, condition=condition, tail=tail))
    rows = connection.execute(statement, parameters | {"project_id": project_id}).mappings().all()
    return page_of(rows, cut.limit)


def share(connection: Connection, share_id: UUID) -> RowMapping:
    """Return a share as its owner sees it."""
    statement = text(_SHARES.format(sort_key="NULL", condition="s.id = :share_id", tail=""))
    return connection.execute(statement, {"share_id": share_id}).mappings().one()


def invitation(connection: Connection, share_id: UUID) -> RowMapping | None:
    """Return a share as the invited see it; None when it or its project is gone."""
    return connection.execute(_INVITATION, {"share_id": share_id}).mappings().first()


def join(connection: Connection, share_id: UUID, user_id: UUID) -> None:
    """Let the user in by the share."""
    connection.execute(_JOIN, {"share_id": share_id, "user_id": user_id})
    connection.execute(_ACCEPTED, {"share_id": share_id})


def revoke(connection: Connection, project_id: UUID, share_id: UUID) -> bool:
    """End the share for all who came in by it; False when the project has no such share."""
    values = {"project_id": project_id, "share_id": share_id}
    return connection.execute(_REVOKE, values).first() is not None


def leave(connection: Connection, project_id: UUID, user_id: UUID) -> None:
    """Let the user out of the project, by whatever shares they came in."""
    connection.execute(_LEAVE, {"project_id": project_id, "user_id": user_id})


def joined_projects(connection: Connection, user_id: UUID) -> list[UUID]:
    """Return the projects of others that the user ever came into and did not leave."""
    return list(connection.execute(_JOINED, {"user_id": user_id}).scalars())
