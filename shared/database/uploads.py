"""Resumable uploads: what was received, who is at one, and what became of it."""

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, text
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import DBAPIError

from shared.domain.uploads import HeldUpload, UploadBusyError

#: Whoever writes says again and again that it lives; after so long it is taken for dead.
WRITING_SECONDS = 15
FINISHING_SECONDS = 120

#: From when on the scheduler finishes what its own request did not.
OVERDUE_SECONDS = 30

#: So long after its last byte an upload may be gone on with, and so long its answer is repeated.
OPEN_DAYS = 7
SETTLED_DAYS = 1

# One after the other for each person, or many requests at once would all be the last allowed.
_LOCK_PERSON = text("SELECT pg_advisory_xact_lock(4770017, hashtext(CAST(:user_id AS text)))")

_OPEN = text(
    """
SELECT count(*) AS uploads, coalesce(sum(length), 0) AS bytes FROM uploads
WHERE user_id = :user_id AND state IN ('receiving', 'finishing')
"""
)

_MINE = text(
    """
SELECT * FROM uploads
WHERE user_id = :user_id AND state IN ('receiving', 'finishing') AND expires_at > now()
  AND project_id = coalesce(CAST(:project_id AS uuid), project_id)
ORDER BY created_at, id
"""
)

_INSERT = text(
    f"""
INSERT INTO uploads (id, project_id, user_id, filename, relative_path, length, sha256, metadata,
                     op_id, expires_at)
VALUES (:id, :project_id, :user_id, :filename, :relative_path, :length, :sha256, :metadata,
        :op_id, now() + interval '{OPEN_DAYS} days')
RETURNING *
"""  # noqa: S608 - the numbers are constants of this module, here and below
)

_ONE = text("SELECT * FROM uploads WHERE id = :id AND expires_at > now()")

_LOCK = text(
    """
SELECT *, coalesce(writer_until > clock_timestamp(), false) AS busy FROM uploads
WHERE id = :id AND expires_at > now() FOR UPDATE NOWAIT
"""
)

# Of a file that is there already, nothing needs to come.
_KNOWN = text(
    f"""
UPDATE uploads SET state = 'done', received = length, duplicate = true, image_ids = ARRAY[
    CAST(:image_id AS uuid)], expires_at = now() + interval '{SETTLED_DAYS} days'
WHERE id = :id AND state = 'receiving' AND received = 0 RETURNING *
"""  # noqa: S608
)

_TAKE = text(
    """
UPDATE uploads SET writer = :token, op_id = coalesce(:op_id, op_id),
    writer_until = clock_timestamp() + make_interval(secs => :seconds)
WHERE id = :id
"""
)

_RENEW = text(
    """
UPDATE uploads SET writer_until = clock_timestamp() + make_interval(secs => :seconds)
WHERE id = :id AND writer = :token
"""
)

_RELEASE = text(
    "UPDATE uploads SET writer = NULL, writer_until = NULL WHERE id = :id AND writer = :token"
)

# With its last byte an upload is to be finished, and whoever comes first may do it.
_ADVANCE = text(
    f"""
UPDATE uploads SET received = :received, parts = parts || CAST(:keys AS text[]),
    expires_at = now() + interval '{OPEN_DAYS} days',
    state = CASE WHEN :received = length THEN 'finishing' ELSE state END,
    due_at = now() + interval '{OVERDUE_SECONDS} seconds',
    writer = CASE WHEN :received < length THEN writer END,
    writer_until = CASE WHEN :received < length
                        THEN clock_timestamp() + interval '{WRITING_SECONDS} seconds' END
WHERE id = :id AND writer = :token AND state = 'receiving' AND received = :before
"""  # noqa: S608
)

# The more often it was tried in vain, the longer the scheduler waits for the next time.
_CLAIM = text(
    f"""
UPDATE uploads SET writer = :token, attempt = attempt + 1,
    writer_until = clock_timestamp() + interval '{FINISHING_SECONDS} seconds',
    due_at = clock_timestamp() + least(
        interval '15 minutes', interval '{OVERDUE_SECONDS} seconds' * 2 ^ least(attempt, 10))
WHERE id = :id AND state = 'finishing' AND coalesce(writer_until <= clock_timestamp(), true)
RETURNING *
"""  # noqa: S608
)

_SETTLE = text(
    f"""
UPDATE uploads SET state = :state, image_ids = :image_ids, duplicate = :duplicate,
    batch_id = :batch_id, refusal_code = :code, refusal_detail = :detail,
    writer = NULL, writer_until = NULL, parts = '{{}}',
    expires_at = now() + interval '{SETTLED_DAYS} days'
WHERE id = :id AND state = 'finishing' AND writer = :token
"""  # noqa: S608
)

_OVERDUE = text(
    """
SELECT id FROM uploads WHERE state = 'finishing' AND due_at < clock_timestamp()
ORDER BY due_at LIMIT :limit
"""
)

_EXPIRE = text(
    """
DELETE FROM uploads WHERE id IN (
    SELECT id FROM uploads WHERE expires_at < now() AND coalesce(writer_until < now(), true)
    ORDER BY expires_at LIMIT :limit FOR UPDATE SKIP LOCKED)
"""
)

_DELETE = text("DELETE FROM uploads WHERE id = :id")


@dataclass(frozen=True, slots=True)
class NewUpload:
    """An upload before its first byte."""

    id: UUID
    project_id: UUID
    user_id: UUID
    filename: str
    relative_path: str | None
    length: int
    sha256: str | None  #: What its sender says that the whole of it has.
    metadata: str  #: As it was sent, to be told again.
    op_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What became of an upload."""

    state: str
    image_ids: list[UUID] | None = None
    duplicate: bool = False
    batch_id: UUID | None = None
    code: str | None = None
    detail: str | None = None


def open_uploads(connection: Connection, user_id: UUID) -> tuple[int, int]:
    """Return how many uploads somebody has open, and of how many bytes; others of them wait."""
    connection.execute(_LOCK_PERSON, {"user_id": user_id})
    row = connection.execute(_OPEN, {"user_id": user_id}).one()
    return row.uploads, int(row.bytes)


def mine(connection: Connection, user_id: UUID, project_id: UUID | None) -> list[RowMapping]:
    """Return the uploads that somebody began and did not finish, into one project or any."""
    values = {"user_id": user_id, "project_id": project_id}
    return list(connection.execute(_MINE, values).mappings())


def insert(connection: Connection, new: NewUpload) -> RowMapping:
    """Insert the upload and return it."""
    return connection.execute(_INSERT, asdict(new)).mappings().one()


def upload(connection: Connection, upload_id: UUID) -> RowMapping | None:
    """Return the upload; None when there is none (any more)."""
    return connection.execute(_ONE, {"id": upload_id}).mappings().first()


def locked(connection: Connection, upload_id: UUID) -> RowMapping | None:
    """Return the upload, locked; `busy` says whether somebody writes to it.

    UploadBusyError when another transaction has it just now.
    """
    try:
        return connection.execute(_LOCK, {"id": upload_id}).mappings().first()
    except DBAPIError as refused:
        if isinstance(refused.orig, LockNotAvailable):
            raise UploadBusyError from refused
        raise


def settle_known(connection: Connection, upload_id: UUID, image_id: UUID) -> RowMapping:
    """Write that the project has the file as this image already; return the upload."""
    values = {"id": upload_id, "image_id": image_id}
    return connection.execute(_KNOWN, values).mappings().one()


def take(connection: Connection, held: HeldUpload, op_id: str | None) -> None:
    """Make the holder the one who writes to an upload that is locked."""
    values = {"op_id": op_id, "seconds": WRITING_SECONDS}
    connection.execute(_TAKE, _key(held) | values)


def renew(connection: Connection, held: HeldUpload, *, seconds: int = WRITING_SECONDS) -> bool:
    """Say that the holder lives; False when it holds the upload no more."""
    return connection.execute(_RENEW, _key(held) | {"seconds": seconds}).rowcount == 1


def release(connection: Connection, held: HeldUpload) -> None:
    """Let others write to it."""
    connection.execute(_RELEASE, _key(held))


def advance(connection: Connection, held: HeldUpload, received: int, keys: list[str]) -> bool:
    """Count the parts in; False when the upload is held no more, and then they count nothing."""
    values = {"before": held.received, "received": received, "keys": keys}
    return connection.execute(_ADVANCE, _key(held) | values).rowcount == 1


def claim(connection: Connection, upload_id: UUID, token: UUID) -> RowMapping | None:
    """Take an upload that is to be finished; None when it is not, or somebody is at it."""
    values = {"id": upload_id, "token": token}
    return connection.execute(_CLAIM, values).mappings().first()


def settle(connection: Connection, held: HeldUpload, outcome: Settled) -> bool:
    """Write what became of it; False when it is held no more, and then nothing is written."""
    return connection.execute(_SETTLE, _key(held) | asdict(outcome)).rowcount == 1


def overdue(connection: Connection, limit: int) -> list[UUID]:
    """Return uploads that have all their bytes and were not finished in time."""
    return list(connection.execute(_OVERDUE, {"limit": limit}).scalars())


def expire(connection: Connection, limit: int) -> int:
    """Delete uploads whose time is over; a trigger leaves their parts to the janitor."""
    return connection.execute(_EXPIRE, {"limit": limit}).rowcount


def delete(connection: Connection, upload_id: UUID) -> None:
    """Delete the upload; a trigger leaves its parts to the janitor."""
    connection.execute(_DELETE, {"id": upload_id})


def _key(held: HeldUpload) -> dict[str, Any]:
    return {"id": held.id, "token": held.token}
