"""Accounts, the browsers that are signed in to them, and the tokens of scripts."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.engine import RowMapping

from shared.domain.accounts import Account, TokenScope

#: A login lasts this long, however often it is used.
SESSION_DAYS = 30

#: `seen_at` and `used_at` are that exact; a write for every request would be too dear.
SEEN_EVERY = "10 minutes"

_ACCOUNT = "u.id AS user_id, u.email, u.name, u.is_admin, u.time_zone"

_INSERT = text(
    """
INSERT INTO users (email, name, password_hash, is_admin)
VALUES (:email, :name, :password_hash, :is_admin)
ON CONFLICT ((lower(email))) DO NOTHING RETURNING id
"""
)

_BY_EMAIL = text(
    f"SELECT {_ACCOUNT}, u.password_hash FROM users AS u"  # noqa: S608
    " WHERE lower(u.email) = lower(:email) AND NOT u.deleting"
)

_EMAIL = text("SELECT email FROM users WHERE id = :user_id")

_PROFILE = text("SELECT preferences, created_at FROM users WHERE id = :user_id")

_CHANGE = """
UPDATE users AS u SET name = coalesce(:name, u.name),
       time_zone = coalesce(:time_zone, u.time_zone),
       preferences = coalesce(CAST(:preferences AS jsonb), u.preferences)
WHERE u.id = :user_id
"""

_PROMOTE = text("UPDATE users SET is_admin = true WHERE id = :user_id")

_REHASH = text("UPDATE users SET password_hash = :password_hash WHERE id = :user_id")

_OPEN_SESSION = text(
    f"""
INSERT INTO login_sessions (user_id, token_hash, user_agent, expires_at)
VALUES (:user_id, :token_hash, :user_agent, now() + interval '{SESSION_DAYS} days')
"""  # noqa: S608 - built from constants of this module
)

_SESSION = text(
    f"""
SELECT {_ACCOUNT}, s.id, s.expires_at, s.seen_at < now() - interval '{SEEN_EVERY}' AS unseen
FROM login_sessions AS s JOIN users AS u ON u.id = s.user_id
WHERE s.token_hash = :token_hash AND s.expires_at > now() AND NOT u.deleting
"""  # noqa: S608 - built from constants of this module
)

_SEE_SESSION = text("UPDATE login_sessions SET seen_at = now() WHERE id = :id")
_SWEEP_SESSIONS = text("DELETE FROM login_sessions WHERE user_id = :user_id AND expires_at < now()")

_ADD_TOKEN = text(
    """
INSERT INTO api_tokens (user_id, name, token_hash, scope, expires_at)
VALUES (:user_id, :name, :token_hash, :scope, :expires_at) RETURNING id
"""
)

_TOKEN = text(
    f"""
SELECT {_ACCOUNT}, t.id, t.scope, t.expires_at,
       t.used_at IS NULL OR t.used_at < now() - interval '{SEEN_EVERY}' AS unseen
FROM api_tokens AS t JOIN users AS u ON u.id = t.user_id
WHERE t.token_hash = :token_hash AND NOT u.deleting
  AND (t.expires_at IS NULL OR t.expires_at > now())
"""  # noqa: S608
)

_SEE_TOKEN = text("UPDATE api_tokens SET used_at = now() WHERE id = :id")
_TOKENS = text(
    "SELECT id, name, scope, expires_at, created_at, used_at FROM api_tokens"
    " WHERE user_id = :user_id ORDER BY created_at DESC, id"
)
_DROP_TOKEN = text("DELETE FROM api_tokens WHERE id = :id AND user_id = :user_id RETURNING id")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who asks, and by which login or token; `expires_at` is None for a token without end."""

    account: Account
    credential_id: UUID
    expires_at: datetime | None
    unseen: bool  #: It has not been used for a while, so its use should be noted.
    token_scope: TokenScope | None = None  #: None for a login, which may do everything.

    def may(self, scope: TokenScope) -> bool:
        """Tell whether the login or token covers what needs *scope*."""
        return self.token_scope is None or self.token_scope.includes(scope)


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token to be made: what it is for, what it may do, and until when."""

    name: str
    scope: TokenScope = TokenScope.ALL
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProfileChanges:
    """What a person may change of their account; None leaves it as it is."""

    name: str | None = None
    time_zone: str | None = None
    preferences: dict[str, Any] | None = None


def insert_user(
    connection: Connection, *, email: str, name: str, password_hash: str, is_admin: bool = False
) -> UUID | None:
    """Insert the account and return its id; None when the address has one."""
    values = {"email": email, "name": name, "password_hash": password_hash, "is_admin": is_admin}
    return connection.execute(_INSERT, values).scalar()


def by_email(connection: Connection, email: str) -> tuple[Account, str] | None:
    """Return the account of the address, and its password's hash."""
    row = connection.execute(_BY_EMAIL, {"email": email}).mappings().first()
    return None if row is None else (_account(row), row["password_hash"])


def email_of(connection: Connection, user_id: UUID) -> str:
    """Return the account's address."""
    email: str = connection.execute(_EMAIL, {"user_id": user_id}).scalar_one()
    return email


def profile(connection: Connection, user_id: UUID) -> RowMapping:
    """Return what only the account's owner is shown."""
    return connection.execute(_PROFILE, {"user_id": user_id}).mappings().one()


def change_user(connection: Connection, user_id: UUID, changes: ProfileChanges) -> Account:
    """Change what is given, and return the account as it is now."""
    preferences = changes.preferences
    values = {
        "user_id": user_id,
        "name": changes.name,
        "time_zone": changes.time_zone,
        "preferences": None if preferences is None else json.dumps(preferences),
    }
    returning = text(f"{_CHANGE} RETURNING {_ACCOUNT}")
    return _account(connection.execute(returning, values).mappings().one())


def promote(connection: Connection, user_id: UUID) -> None:
    """Make the account an administrator's."""
    connection.execute(_PROMOTE, {"user_id": user_id})


def replace_password_hash(connection: Connection, user_id: UUID, password_hash: str) -> None:
    """Store another hash of the password."""
    connection.execute(_REHASH, {"user_id": user_id, "password_hash": password_hash})


def open_session(
    connection: Connection, user_id: UUID, *, token_hash: bytes, user_agent: str
) -> None:
    """Remember a login by the hash of its token, and forget those that ended."""
    connection.execute(_SWEEP_SESSIONS, {"user_id": user_id})
    values = {"user_id": user_id, "token_hash": token_hash, "user_agent": user_agent}
    connection.execute(_OPEN_SESSION, values)


def session_holder(connection: Connection, token_hash: bytes) -> SignedIn | None:
    """Return who is signed in by the session token; None when it is unknown or over."""
    row = connection.execute(_SESSION, {"token_hash": token_hash}).mappings().first()
    if row is None:
        return None
    return SignedIn(_account(row), row["id"], row["expires_at"], row["unseen"])


def see_session(connection: Connection, session_id: UUID) -> None:
    """Note that the login was used."""
    connection.execute(_SEE_SESSION, {"id": session_id})


def add_token(connection: Connection, user_id: UUID, token: NewToken, *, token_hash: bytes) -> UUID:
    """Remember a script's token by its hash, and return its id."""
    values = {"user_id": user_id, "token_hash": token_hash, **asdict(token)}
    token_id: UUID = connection.execute(_ADD_TOKEN, values).scalar_one()
    return token_id


def token_holder(connection: Connection, token_hash: bytes) -> SignedIn | None:
    """Return whose token it is; None when it is unknown, revoked or over."""
    row = connection.execute(_TOKEN, {"token_hash": token_hash}).mappings().first()
    if row is None:
        return None
    scope = TokenScope(row["scope"])
    return SignedIn(_account(row), row["id"], row["expires_at"], row["unseen"], scope)


def see_token(connection: Connection, token_id: UUID) -> None:
    """Note that the token was used."""
    connection.execute(_SEE_TOKEN, {"id": token_id})


def list_tokens(connection: Connection, user_id: UUID) -> list[RowMapping]:
    """Return the account's tokens, newest first, without their secrets."""
    return list(connection.execute(_TOKENS, {"user_id": user_id}).mappings())


def drop_token(connection: Connection, user_id: UUID, token_id: UUID) -> bool:
    """Revoke one of the account's tokens; False when it has no such token."""
    values = {"id": token_id, "user_id": user_id}
    return connection.execute(_DROP_TOKEN, values).first() is not None


def _account(row: RowMapping) -> Account:
    return Account(
        id=row["user_id"],
        email=row["email"],
        name=row["name"],
        is_admin=row["is_admin"],
        time_zone=row["time_zone"],
    )
