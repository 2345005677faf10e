"""Previews: asking, claiming, answering and forgetting them."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.engine import RowMapping

from shared.domain.previews import (
    HARD_SECONDS,
    KEPT_SECONDS,
    TOO_LONG,
    UNANSWERED,
    WAITING_SECONDS,
)

# Nobody looks at two at once: another one takes the place of whatever the same person asked for.
_INSERT = text(
    """
WITH earlier AS (DELETE FROM previews WHERE user_id = :user_id)
INSERT INTO previews (image_id, user_id, engine, engine_version, params)
SELECT i.id, :user_id, :engine, :engine_version, CAST(:params AS jsonb)
FROM images AS i WHERE i.id = :image_id AND i.project_id = :project_id
RETURNING id
"""
)

# One that waited too long was given up by whoever asked; a second delivery finds nothing.
_CLAIM = text(
    f"""
UPDATE previews AS v SET status = 'running'
FROM images AS i JOIN projects AS p ON p.id = i.project_id
WHERE v.id = :id AND v.status = 'queued' AND i.id = v.image_id
  AND v.created_at > now() - interval '{WAITING_SECONDS} seconds'
RETURNING v.id, v.engine, v.params, i.storage_key, i.filename, i.page, p.channels,
          coalesce(i.pixel_size_um, p.pixel_size_um) AS pixel_size_um
"""  # noqa: S608 - the number is a constant of this program
)

_ANSWER = text(
    """
UPDATE previews SET status = 'done', found = CAST(:found AS jsonb), picture = :picture
WHERE id = :id AND status = 'running'
"""
)

_FAIL = text(
    "UPDATE previews SET status = 'failed', detail = :detail WHERE id = :id AND status = 'running'"
)

_SHOW = text(
    f"""
SELECT v.id, v.image_id, v.user_id, i.project_id, v.engine, v.engine_version, v.params,
       CASE WHEN late.detail IS NULL THEN v.status ELSE 'failed' END AS status,
       coalesce(v.detail, late.detail) AS detail, v.found
FROM previews AS v JOIN images AS i ON i.id = v.image_id
CROSS JOIN LATERAL (SELECT CASE
    WHEN v.status = 'queued' AND v.created_at < now() - interval '{WAITING_SECONDS} seconds'
        THEN '{UNANSWERED}'
    WHEN v.status = 'running' AND v.created_at
            < now() - interval '{WAITING_SECONDS + HARD_SECONDS} seconds'
        THEN '{TOO_LONG}' END AS detail) AS late
WHERE v.id = :id
"""  # noqa: S608 - the numbers and sentences are constants of this program
)

_PICTURE = text("SELECT picture FROM previews WHERE id = :id AND picture IS NOT NULL")

_FORGET = text(
    f"DELETE FROM previews WHERE created_at < now() - interval '{KEPT_SECONDS} seconds'"  # noqa: S608
)


@dataclass(frozen=True, slots=True)
class NewPreview:
    """A preview that is asked for."""

    project_id: UUID
    image_id: UUID
    user_id: UUID
    engine: str
    engine_version: str
    params: dict[str, Any] = field(hash=False)


def insert(connection: Connection, new: NewPreview) -> UUID | None:
    """Insert the preview instead of the user's earlier one; None: the image is not there."""
    values = {
        "project_id": new.project_id,
        "image_id": new.image_id,
        "user_id": new.user_id,
        "engine": new.engine,
        "engine_version": new.engine_version,
        "params": json.dumps(new.params),
    }
    found: UUID | None = connection.execute(_INSERT, values).scalar()
    return found


def claim(connection: Connection, preview_id: UUID) -> RowMapping | None:
    """Take a preview that waits; None when it does not any more."""
    return connection.execute(_CLAIM, {"id": preview_id}).mappings().first()


def answer(connection: Connection, preview_id: UUID, found: dict[str, Any], picture: bytes) -> None:
    """Keep what was found, and the picture of the part."""
    values = {"id": preview_id, "found": json.dumps(found), "picture": picture}
    connection.execute(_ANSWER, values)


def fail(connection: Connection, preview_id: UUID, detail: str) -> None:
    """Keep why nothing can be shown."""
    connection.execute(_FAIL, {"id": preview_id, "detail": detail})


def preview(connection: Connection, preview_id: UUID) -> RowMapping | None:
    """Return the preview, one that waits too long as failed; None when it is forgotten."""
    return connection.execute(_SHOW, {"id": preview_id}).mappings().first()


def picture(connection: Connection, preview_id: UUID) -> bytes | None:
    """Return the picture of the part that was looked at; None when there is none."""
    found = connection.execute(_PICTURE, {"id": preview_id}).scalar()
    return None if found is None else bytes(found)


def forget_old(connection: Connection) -> int:
    """Delete previews that nobody looks at any more; return how many there were."""
    return int(connection.execute(_FORGET).rowcount)
