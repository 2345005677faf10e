"""What requests came to that may be repeated."""

from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, text
from sqlalchemy.engine import RowMapping

_CLAIM = text(
    """
INSERT INTO idempotency_keys (user_id, key, request) VALUES (:user_id, :key, :request)
ON CONFLICT DO NOTHING RETURNING key
"""
)

_ONE = text("SELECT request, outcome FROM idempotency_keys WHERE user_id = :user_id AND key = :key")

_KEEP = text(
    "UPDATE idempotency_keys SET outcome = :outcome WHERE user_id = :user_id AND key = :key"
)

_FORGET = text(
    "DELETE FROM idempotency_keys WHERE created_at < now() - make_interval(hours => :hours)"
)


def claim(connection: Connection, user_id: UUID, key: str, request: bytes) -> bool:
    """Take the key for this transaction; False when a request that is committed has it.

    While another transaction holds it, this waits for its end.
    """
    values = {"user_id": user_id, "key": key, "request": request}
    return connection.execute(_CLAIM, values).first() is not None


def kept(connection: Connection, user_id: UUID, key: str) -> RowMapping | None:
    """Return `request` and `outcome` of the key."""
    return connection.execute(_ONE, {"user_id": user_id, "key": key}).mappings().first()


def keep(connection: Connection, user_id: UUID, key: str, outcome: dict[str, Any]) -> None:
    """Note what the request came to."""
    values = {"user_id": user_id, "key": key, "outcome": Jsonb(outcome)}
    connection.execute(_KEEP, values)


def forget_old(connection: Connection, hours: int) -> int:
    """Delete the keys that are older; return how many."""
    return int(connection.execute(_FORGET, {"hours": hours}).rowcount)
