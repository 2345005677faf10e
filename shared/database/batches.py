"""Requests to segment, and how far they are."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.engine import RowMapping

from shared.domain.engines import Modality

_INSERT = text(
    """
INSERT INTO batches (id, project_id, user_id, engine, params, queued, skipped)
VALUES (:id, :project_id, :user_id, :engine, CAST(:params AS jsonb), 0, 0)
"""
)

_SIZE = text("UPDATE batches SET queued = :queued, skipped = :skipped WHERE id = :id")

_PROGRESS = text(
    """
SELECT b.*, count(r.id) FILTER (WHERE r.status = 'queued') AS waiting,
       count(r.id) FILTER (WHERE r.status = 'running') AS running,
       count(r.id) FILTER (WHERE r.status = 'succeeded') AS succeeded,
       count(r.id) FILTER (WHERE r.status = 'failed') AS failed,
       count(r.id) FILTER (WHERE r.status = 'cancelled') AS cancelled
FROM batches AS b LEFT JOIN runs AS r ON r.batch_id = b.id
WHERE b.id = :id GROUP BY b.id
"""
)


_MODALITY = text(
    """
SELECT modality FROM images WHERE project_id = :project_id AND modality IS NOT NULL
GROUP BY modality ORDER BY count(*) DESC, modality LIMIT 1
"""
)


@dataclass(frozen=True, slots=True)
class NewBatch:
    """A batch before its runs are inserted."""

    id: UUID
    project_id: UUID
    user_id: UUID
    engine: str
    params: dict[str, Any]


def insert(connection: Connection, batch: NewBatch) -> None:
    """Insert the batch; its size is recorded once its runs are there."""
    values = {
        "id": batch.id,
        "project_id": batch.project_id,
        "user_id": batch.user_id,
        "engine": batch.engine,
        "params": json.dumps(batch.params),
    }
    connection.execute(_INSERT, values)


def record_size(connection: Connection, batch_id: UUID, *, queued: int, skipped: int) -> None:
    """Say how many images the batch queued and skipped."""
    connection.execute(_SIZE, {"id": batch_id, "queued": queued, "skipped": skipped})


def progress(connection: Connection, batch_id: UUID) -> RowMapping | None:
    """Return the batch with its runs counted by status."""
    return connection.execute(_PROGRESS, {"id": batch_id}).mappings().first()


def guessed_modality(connection: Connection, project_id: UUID) -> Modality | None:
    """Return what most images of the project look like; None when none was guessed."""
    guess = connection.execute(_MODALITY, {"project_id": project_id}).scalar()
    return None if guess is None else Modality(guess)
