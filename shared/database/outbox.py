"""Messages of event channels that wait for their publisher."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from shared.domain.events import EventType

#: Before the id of an entry of the feed: who reads it is found when it is published.
ACTIVITY = "activity:"

#: Of an entry that grows all the time this many seconds go by between two announcements.
ACTIVITY_SECONDS = 1

# One publisher at a time, or the order of ids would mean nothing.
_ALONE = text("SELECT pg_try_advisory_xact_lock(4770002)")

_OLDEST = text(
    "SELECT id, channel, type, data, outcomes, created_at FROM outbox"
    " WHERE channel <> 'control' ORDER BY id LIMIT :limit"
)

_TAKE_ORDERS = text(
    """
WITH taken AS (DELETE FROM outbox WHERE channel = 'control' RETURNING id, data)
SELECT id, data::text AS written FROM taken ORDER BY id
"""
)

# Whoever waits for more messages to come together does not wait with an order.
_WAKE_NOW = text("NOTIFY celltally_orders")

_DELETE = text("DELETE FROM outbox WHERE id = ANY(:ids)")

_INSERT = text(
    "INSERT INTO outbox (channel, type, data) VALUES (:channel, :type, CAST(:data AS jsonb))"
)

_TAKE_GROWN = text(
    f"""
UPDATE activities SET untold = false, told_at = clock_timestamp()
WHERE untold AND told_at <= clock_timestamp() - interval '{ACTIVITY_SECONDS} seconds'
RETURNING id
"""  # noqa: S608 - the number is a constant of this module
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One message that waits."""

    id: int
    channel: str
    type: str
    data: dict[str, Any]
    outcomes: dict[str, list[str | None]] | None  #: Batches of the runs that ended, by how.
    created_at: datetime


def lock_outbox(connection: Connection) -> bool:
    """Become the only publisher until the transaction ends; False when another one is."""
    return bool(connection.execute(_ALONE).scalar())


def oldest(connection: Connection, limit: int) -> list[Waiting]:
    """Return the messages to publish next, in their order."""
    rows = connection.execute(_OLDEST, {"limit": limit})
    return [Waiting(**row) for row in rows.mappings()]


def take_orders(connection: Connection) -> list[tuple[int, str]]:
    """Take all orders for relays that wait, in their order, each with its JSON."""
    return [(row.id, row.written) for row in connection.execute(_TAKE_ORDERS)]


def delete(connection: Connection, ids: list[int]) -> None:
    """Delete published messages."""
    connection.execute(_DELETE, {"ids": ids})


def leave_message(connection: Connection, channel: str, kind: str, data: str) -> None:
    """Leave a message whose *data* is JSON; it is published after the commit."""
    connection.execute(_INSERT, {"channel": channel, "type": kind, "data": data})


def leave_order(connection: Connection, channel: str, kind: str, data: str) -> None:
    """Leave an order, for which the publisher is woken at once."""
    leave_message(connection, channel, kind, data)
    connection.execute(_WAKE_NOW)


def leave_activity(connection: Connection, activity_id: UUID) -> None:
    """Have an entry of the feed announced to whoever may read it then."""
    leave_message(connection, f"{ACTIVITY}{activity_id}", EventType.USER_ACTIVITY_UPDATE, "{}")


def leave_grown_activities(connection: Connection) -> int:
    """Have the entries announced that grew, each once a second at most; return how many."""
    grown = connection.execute(_TAKE_GROWN).scalars().all()
    # Not in one statement: one that inserts nothing would wake the publisher as well, for ever.
    for activity_id in grown:
        leave_activity(connection, activity_id)
    return len(grown)
