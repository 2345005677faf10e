"""Archives that are taken in: who goes on with one, and how far it is."""

import json
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.engine import RowMapping

from shared.domain.ingests import MAX_ATTEMPTS, ClaimedIngest

#: After so long a message without a claim is taken for lost, and a claim without a renewal too.
LOST_SECONDS = 30
LEASE_SECONDS = 120

_INSERT = text(
    f"""
INSERT INTO ingests (id, project_id, user_id, filename, storage_key, members, op_id, due_at)
VALUES (:id, :project_id, :user_id, :filename, :storage_key, :members, :op_id,
        now() + interval '{LOST_SECONDS} seconds')
"""  # noqa: S608 - the number is a constant of this module
)

_ONE = text("SELECT * FROM ingests WHERE id = :id")

_CLAIM = text(
    f"""
UPDATE ingests SET status = 'running', token = gen_random_uuid(), attempt = attempt + 1,
    due_at = clock_timestamp() + interval '{LEASE_SECONDS} seconds'
WHERE id = :id AND status = 'queued' AND attempt < {MAX_ATTEMPTS}
RETURNING id, token, project_id, user_id, filename, storage_key, position, op_id
"""  # noqa: S608
)

_RENEW = text(
    f"""
UPDATE ingests SET due_at = clock_timestamp() + interval '{LEASE_SECONDS} seconds'
WHERE id = :id AND token = :token
"""  # noqa: S608
)

# The next attempt counts from here: one bad member shall not cost those after it theirs.
_PROGRESS = text(
    f"""
UPDATE ingests SET position = :position, images = images + :images, attempt = 1,
    duplicates = duplicates || CAST(:duplicates AS jsonb),
    rejected = rejected || CAST(:rejected AS jsonb),
    due_at = clock_timestamp() + interval '{LEASE_SECONDS} seconds'
WHERE id = :id AND token = :token
"""  # noqa: S608
)

_RELEASE = text(
    f"""
UPDATE ingests SET status = 'queued', token = NULL, attempt = 0,
    due_at = now() + interval '{LOST_SECONDS} seconds'
WHERE id = :id AND token = :token
"""  # noqa: S608
)

_END = text(
    """
WITH ended AS (
    UPDATE ingests SET status = :status, detail = :detail, token = NULL, finished_at = now()
    WHERE id = :id AND token = :token RETURNING storage_key
),
litter AS (INSERT INTO file_deletions (path) SELECT storage_key FROM ended)
SELECT count(*) FROM ended
"""
)

# The longer it waits (for want of a worker, it may be), the more seldom it is sent again.
_STRANDED = text(
    f"""
WITH stranded AS (
    SELECT id FROM ingests WHERE status IN ('queued', 'running') AND due_at < clock_timestamp()
    ORDER BY due_at LIMIT 100 FOR UPDATE SKIP LOCKED
)
UPDATE ingests AS i SET token = NULL,
    due_at = now() + greatest(interval '{LOST_SECONDS} seconds',
                              least((now() - created_at) / 2, interval '15 minutes')),
    status = CASE WHEN attempt < {MAX_ATTEMPTS} THEN 'queued' ELSE 'failed' END,
    detail = CASE WHEN attempt < {MAX_ATTEMPTS} THEN NULL ELSE :detail END,
    finished_at = CASE WHEN attempt < {MAX_ATTEMPTS} THEN NULL ELSE now() END
FROM stranded WHERE i.id = stranded.id RETURNING i.id, i.status, i.storage_key
"""  # noqa: S608
)

_CANCEL = text(
    """
WITH ended AS (
    UPDATE ingests SET status = 'cancelled', token = NULL, finished_at = now()
    WHERE id = :id AND status IN ('queued', 'running')
    RETURNING storage_key, members - position AS rest
),
litter AS (INSERT INTO file_deletions (path) SELECT storage_key FROM ended)
SELECT coalesce(sum(rest), 0) FROM ended
"""
)

_ARCHIVES = text(
    """
INSERT INTO file_deletions (path)
SELECT storage_key FROM ingests
WHERE project_id = :project_id AND status IN ('queued', 'running')
"""
)


@dataclass(frozen=True, slots=True)
class NewIngest:
    """An archive that lies in storage, before its row."""

    id: UUID
    project_id: UUID
    user_id: UUID
    filename: str
    storage_key: str
    members: int
    op_id: str | None


@dataclass(frozen=True, slots=True)
class Progress:
    """What became of the members up to `position`; of those since the last time."""

    position: int
    images: int
    duplicates: list[dict[str, Any]]
    rejected: list[dict[str, Any]]


def insert(connection: Connection, ingest: NewIngest) -> None:
    """Insert the archive; it waits for a worker."""
    connection.execute(_INSERT, asdict(ingest))


def ingest(connection: Connection, ingest_id: UUID) -> RowMapping | None:
    """Return the archive; None when there is none, or its project is gone."""
    return connection.execute(_ONE, {"id": ingest_id}).mappings().first()


def claim(connection: Connection, ingest_id: UUID) -> ClaimedIngest | None:
    """Take the archive for this process; None when it is not waiting (any more)."""
    row = connection.execute(_CLAIM, {"id": ingest_id}).mappings().first()
    return None if row is None else ClaimedIngest(**row)


def renew(connection: Connection, held: ClaimedIngest) -> bool:
    """Lengthen the claim; False when it holds no more."""
    return connection.execute(_RENEW, _key(held)).rowcount == 1


def go_on(connection: Connection, held: ClaimedIngest, progress: Progress) -> bool:
    """Write how far it is; False when the claim holds no more, and nothing was written."""
    values = {
        "position": progress.position,
        "images": progress.images,
        "duplicates": json.dumps(progress.duplicates),
        "rejected": json.dumps(progress.rejected),
    }
    return connection.execute(_PROGRESS, values | _key(held)).rowcount == 1


def release(connection: Connection, held: ClaimedIngest) -> bool:
    """Let it wait again for whoever is free; False when the claim holds no more."""
    return connection.execute(_RELEASE, _key(held)).rowcount == 1


def end(
    connection: Connection, held: ClaimedIngest, status: str, detail: str | None = None
) -> bool:
    """Write that it is over, and leave its file to the janitor."""
    values = {"status": status, "detail": detail}
    return bool(connection.execute(_END, values | _key(held)).scalar_one())


def cancel(connection: Connection, ingest_id: UUID) -> int:
    """Take no more of the archive in; return how many of its files were not looked at yet."""
    return int(connection.execute(_CANCEL, {"id": ingest_id}).scalar_one())


def requeue_stranded(connection: Connection, detail: str) -> list[RowMapping]:
    """Let those wait again whose message or worker was lost; give up what was tried often enough.

    Return their ids and what each is now.
    """
    return list(connection.execute(_STRANDED, {"detail": detail}).mappings())


def leave_archives(connection: Connection, project_id: UUID) -> None:
    """Leave the archives of a project that goes to the janitor."""
    connection.execute(_ARCHIVES, {"project_id": project_id})


def _key(held: ClaimedIngest) -> dict[str, UUID]:
    return {"id": held.id, "token": held.token}
