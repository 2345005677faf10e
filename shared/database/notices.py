"""What an operator tells everybody: one row of each code, gone when it is over."""

from datetime import datetime

from sqlalchemy import Connection, text
from sqlalchemy.engine import RowMapping

from shared.domain.channels import ChannelKind
from shared.domain.events import EventType, Notice, NoticeLevel

_POST = text(
    """
INSERT INTO notices (code, level, text, at, ends_at)
VALUES (:code, :level, :text, :at, :ends_at)
ON CONFLICT (code) DO UPDATE
SET level = excluded.level, text = excluded.text, at = excluded.at, ends_at = excluded.ends_at
"""
)

_END = text("DELETE FROM notices WHERE code = :code AND ends_at > now() RETURNING code")

_SWEEP = text("DELETE FROM notices WHERE ends_at <= now()")

_STAYING = text(
    f"""
SELECT code, level, text, at FROM notices
WHERE ends_at > now() AND level <> '{NoticeLevel.INFO}' ORDER BY at, code
"""  # noqa: S608 - built from words of the domain
)

_TELL = text(
    f"""
INSERT INTO outbox (channel, type, data)
SELECT '{ChannelKind.USER}:' || id, '{EventType.NOTICE}', CAST(:data AS jsonb)
FROM users WHERE NOT deleting ORDER BY id
"""  # noqa: S608 - built from words of the domain
)


def post(connection: Connection, notice: Notice, ends_at: datetime) -> None:
    """Keep the notice until *ends_at*, in place of an earlier one of its code."""
    connection.execute(_SWEEP)
    values = {"code": notice.code, "level": notice.level, "text": notice.text}
    connection.execute(_POST, {**values, "at": notice.timestamp, "ends_at": ends_at})


def end(connection: Connection, code: str) -> bool:
    """Forget the notice; False when there was none."""
    return connection.execute(_END, {"code": code}).first() is not None


def staying(connection: Connection) -> list[RowMapping]:
    """Return the notices that hold and do not pass by themselves, in the order they came in."""
    return list(connection.execute(_STAYING).mappings())


def tell_everybody(connection: Connection, notice: Notice) -> None:
    """Leave the notice for every account; it is published after the commit."""
    written = notice.model_dump_json(by_alias=True, exclude_none=True)
    connection.execute(_TELL, {"data": written})
