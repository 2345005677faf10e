"""Requests to segment, and how far they are."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.engine import RowMapping

from shared.domain.choice import Choice
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

_ASKED_FOR = text(
    """
SELECT b.id, b.project_id, p.title AS project_name, b.user_id, b.created_at
FROM batches AS b JOIN projects AS p ON p.id = b.project_id
WHERE b.id = ANY(:ids) AND NOT p.deleting ORDER BY b.user_id, b.id
"""
)

_MODALITY = text(
    """
SELECT modality, count(*) AS images, sum(count(*)) OVER () AS looked_at
FROM (SELECT modality FROM images WHERE project_id = :project_id AND modality IS NOT NULL
      ORDER BY created_at DESC, id DESC LIMIT :sampled) AS sample
GROUP BY modality ORDER BY count(*) DESC, modality LIMIT 1
"""
)

#: The newest images of a project, by which its engine is chosen: few enough to read at once.
SAMPLED_IMAGES = 200


@dataclass(frozen=True, slots=True)
class NewBatch:
    """A batch before its runs are inserted."""

    id: UUID
    project_id: UUID
    user_id: UUID
    engine: str
    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AskedBatch:
    """A batch as the feed tells of it."""

    id: UUID
    project_id: UUID
    project_name: str
    user_id: UUID
    created_at: datetime


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


def asked_for(connection: Connection, ids: list[UUID]) -> list[AskedBatch]:
    """Return those of the batches whose project is there, ordered by who asked for them."""
    return [AskedBatch(**row) for row in connection.execute(_ASKED_FOR, {"ids": ids}).mappings()]


def choice_for(connection: Connection, project_id: UUID) -> Choice:
    """Return what most of the newest images of the project look like, and how many of them."""
    values = {"project_id": project_id, "sampled": SAMPLED_IMAGES}
    row = connection.execute(_MODALITY, values).one_or_none()
    if row is None:
        return Choice()
    return Choice(modality=Modality(row.modality), images=row.images, of=int(row.looked_at))
