"""Whether dispatch can work: who leads it, and since when the broker cannot be reached."""

from datetime import datetime

from sqlalchemy import Connection, text

#: Held by the leading scheduler for as long as its connection lives; others wait for it.
LEADER_LOCK = 4_770_004

# Only a change is written.
_FAILED = text(
    """
INSERT INTO dispatch_state (broker_failed_since) VALUES (now())
ON CONFLICT (sole) DO UPDATE SET broker_failed_since = excluded.broker_failed_since
WHERE dispatch_state.broker_failed_since IS NULL
"""
)

_RECOVERED = text(
    """
UPDATE dispatch_state SET broker_failed_since = NULL WHERE broker_failed_since IS NOT NULL
"""
)

_FAILED_SINCE = text("SELECT broker_failed_since FROM dispatch_state")

_LED = text(
    """
SELECT EXISTS (
    SELECT FROM pg_locks
    WHERE locktype = 'advisory' AND classid = 0 AND objid = :lock AND objsubid = 1 AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""
)


def say_broker(connection: Connection, *, answers: bool) -> None:
    """Remember since when the broker does not answer, or that it does again."""
    if answers:
        connection.execute(_RECOVERED)
    else:
        connection.execute(_FAILED)


def broker_failed_since(connection: Connection) -> datetime | None:
    """Return since when the broker cannot be reached; None while it can."""
    return connection.execute(_FAILED_SINCE).scalar()


def is_led(connection: Connection) -> bool:
    """Tell whether some scheduler is the leader now."""
    return bool(connection.execute(_LED, {"lock": LEADER_LOCK}).scalar_one())
