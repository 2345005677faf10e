"""Logins and tokens: which there are, which still hold, and how they end."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.engine import RowMapping

# Against a change of the password while a login with the old one is on its way.
_SECRET = text("SELECT password_hash FROM users WHERE id = :user_id AND NOT deleting FOR UPDATE")

_SESSIONS = text(
    "SELECT id, created_at, seen_at, expires_at, user_agent FROM login_sessions"
    " WHERE user_id = :user_id AND expires_at > now() ORDER BY created_at DESC, id"
)

_CLOSE = text("DELETE FROM login_sessions WHERE id = :id AND user_id = :user_id RETURNING id")

_CLOSE_OTHERS = text(
    "DELETE FROM login_sessions WHERE user_id = :user_id"
    " AND id IS DISTINCT FROM CAST(:kept_id AS uuid) RETURNING id"
)

_DROP_TOKENS = text("DELETE FROM api_tokens WHERE user_id = :user_id")

# Of a login or of a token: a socket does not tell them apart.
_HOLDING = text(
    """
SELECT id FROM login_sessions WHERE id = ANY(CAST(:ids AS uuid[])) AND expires_at > now()
UNION ALL SELECT id FROM api_tokens WHERE id = ANY(CAST(:ids AS uuid[]))
  AND (expires_at IS NULL OR expires_at > now())
"""
)


def lock_secret(connection: Connection, user_id: UUID) -> str | None:
    """Return the hash of the account's password and keep it until the transaction ends."""
    return connection.execute(_SECRET, {"user_id": user_id}).scalar()


def list_sessions(connection: Connection, user_id: UUID) -> list[RowMapping]:
    """Return the account's logins that are not over, newest first."""
    return list(connection.execute(_SESSIONS, {"user_id": user_id}).mappings())


def close_session(connection: Connection, user_id: UUID, session_id: UUID) -> bool:
    """End one of the account's logins; False when it has no such login."""
    values = {"id": session_id, "user_id": user_id}
    return connection.execute(_CLOSE, values).first() is not None


def close_sessions(connection: Connection, user_id: UUID, *, but: UUID | None = None) -> list[UUID]:
    """End all logins of the account, or all but one; return those that ended."""
    values = {"user_id": user_id, "kept_id": but}
    return list(connection.execute(_CLOSE_OTHERS, values).scalars())


def drop_tokens(connection: Connection, user_id: UUID) -> None:
    """Revoke all tokens of the account."""
    connection.execute(_DROP_TOKENS, {"user_id": user_id})


def holding(connection: Connection, credential_ids: Iterable[UUID]) -> set[UUID]:
    """Return those of the logins and tokens that still let somebody in."""
    return set(connection.execute(_HOLDING, {"ids": list(credential_ids)}).scalars())
