"""Messages of event channels that wait for their publisher."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

# One publisher at a time, or the order of ids would mean nothing.
_ALONE = text("SELECT pg_try_advisory_xact_lock(4770002)")

_OLDEST = text("SELECT id, channel, type, data FROM outbox ORDER BY id LIMIT :limit")

_DELETE = text("DELETE FROM outbox WHERE id = ANY(:ids)")

_INSERT = text(
    "INSERT INTO outbox (channel, type, data) VALUES (:channel, :type, CAST(:data AS jsonb))"
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One message that waits."""

    id: int
    channel: str
    type: str
    data: dict[str, Any]


def lock_outbox(connection: Connection) -> bool:
    """Become the only publisher until the transaction ends; False when another one is."""
    return bool(connection.execute(_ALONE).scalar())


def oldest(connection: Connection, limit: int) -> list[Waiting]:
    """Return the messages to publish next, in their order."""
    rows = connection.execute(_OLDEST, {"limit": limit})
    return [Waiting(row.id, row.channel, row.type, row.data) for row in rows]


def delete(connection: Connection, ids: list[int]) -> None:
    """Delete published messages."""
    connection.execute(_DELETE, {"ids": ids})


def leave_message(connection: Connection, channel: str, kind: str, data: str) -> None:
    """Leave a message whose *data* is JSON; it is published after the commit."""
    connection.execute(_INSERT, {"channel": channel, "type": kind, "data": data})
