"""Every move of an export, each one compare-and-set statement on its row.

As with runs, a mover that finds the row in another state, or with another token, changes nothing.
A move that takes a token away leaves the files of that attempt to the janitor, a day later: its
process may still be writing.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, TextClause, text
from sqlalchemy.engine import RowMapping

from shared.database.dashboards import WORKER_SECONDS
from shared.domain.exports import KEPT_DAYS, ClaimedExport, ExportFailure

#: A message that nobody claimed for so long is sent again; a double finds nothing to claim.
LOST_AFTER_SECONDS = 120

_ENDED = f"""token = NULL, lease_until = NULL, finished_at = clock_timestamp(),
    expires_at = clock_timestamp() + interval '{KEPT_DAYS} days'"""

_CLAIM = text(
    """
UPDATE exports AS e
SET status = 'running', attempt = e.attempt + 1, token = :token, worker = :worker, pid = :pid,
    started_at = clock_timestamp(), done = 0, detail = NULL,
    lease_until = clock_timestamp() + make_interval(secs => :lease_seconds)
FROM projects AS p
WHERE e.id = :id AND e.status = 'queued' AND e.attempt < e.max_attempts
  AND p.id = e.project_id AND NOT p.deleting
RETURNING e.*, p.title AS project_title
"""
)

_HELD = "e.id = :id AND e.token = :token AND e.status = 'running'"

_RENEW = text(
    f"""
UPDATE exports AS e
SET done = :done, total = :total,
    lease_until = clock_timestamp() + make_interval(secs => :lease_seconds)
WHERE {_HELD} RETURNING e.*
"""  # noqa: S608 - built from constants of this module, as all below
)

_COMPLETE = text(
    f"""
UPDATE exports AS e SET {_ENDED}, status = 'done', done = e.total, detail = :detail,
    file_key = :file_key, bytes = :bytes
WHERE {_HELD} RETURNING e.*
"""  # noqa: S608
)

_FAIL = text(
    f"""
UPDATE exports AS e SET {_ENDED}, status = 'failed', failure_code = :code, detail = :detail
WHERE {_HELD} RETURNING e.*
"""  # noqa: S608
)

_IS_DONE = text("SELECT EXISTS (SELECT FROM exports WHERE id = :id AND file_key = :file_key)")


def _taking_away(which: str, change: str) -> TextClause:
    """Return the statement that moves the exports *which* (as `e`) and leaves their files."""
    return text(
        f"""
WITH held AS (SELECT e.id, e.token FROM exports AS e WHERE {which} ORDER BY e.id FOR UPDATE),
swept AS (
    INSERT INTO file_deletions (path, due_at)
    SELECT 'exports/' || id || '/' || token || '/', now() + interval '24 hours'
    FROM held WHERE token IS NOT NULL
)
UPDATE exports AS e SET {change} FROM held WHERE e.id = held.id RETURNING e.*
"""  # noqa: S608
    )


_WAITING_AGAIN = """token = NULL, lease_until = NULL, dispatched_at = NULL, status = 'queued',
    done = 0, detail = :detail"""
_GIVEN_UP = f"{_ENDED}, status = 'failed', failure_code = :code, detail = :detail"

_CANCEL = _taking_away(
    "e.id = :id AND e.status IN ('queued', 'running')",
    f"{_ENDED}, status = 'cancelled', detail = :detail",
)
_CANCEL_ALL = _taking_away(
    "e.project_id = :project_id AND e.status IN ('queued', 'running')",
    f"{_ENDED}, status = 'cancelled', detail = :detail",
)
_TRY_AGAIN = _taking_away(
    f"{_HELD} AND e.attempt < e.max_attempts",
    f"{_WAITING_AGAIN}, not_before = now() + make_interval(secs => :wait_seconds)",
)

#: By the database's clock, whose lease ran out: nobody else's can be trusted.
_EXPIRED = "e.status = 'running' AND e.lease_until < clock_timestamp()"
_ORPHANED = "e.status = 'running' AND e.worker = :worker AND e.pid = ANY(:dead)"

_REQUEUE_EXPIRED = _taking_away(f"{_EXPIRED} AND e.attempt < e.max_attempts", _WAITING_AGAIN)
_FAIL_EXPIRED = _taking_away(f"{_EXPIRED} AND e.attempt >= e.max_attempts", _GIVEN_UP)
_REQUEUE_ORPHANED = _taking_away(f"{_ORPHANED} AND e.attempt < e.max_attempts", _WAITING_AGAIN)
_FAIL_ORPHANED = _taking_away(f"{_ORPHANED} AND e.attempt >= e.max_attempts", _GIVEN_UP)
#: The worker stops: an attempt that a deployment interrupted is none.
_RELEASE = _taking_away(
    "e.status = 'running' AND e.worker = :worker", f"{_WAITING_AGAIN}, attempt = e.attempt - 1"
)

_CLAIMANTS = text("SELECT DISTINCT pid FROM exports WHERE worker = :worker AND status = 'running'")

# As many at a time as there are workers, or images would find none; of those who wait first the
# one who has fewest.
_DISPATCH = text(
    f"""
WITH flying AS (
    SELECT user_id, count(*) AS n FROM exports
    WHERE status = 'running' OR (status = 'queued' AND dispatched_at IS NOT NULL)
    GROUP BY user_id
),
free AS (
    SELECT greatest(1, (SELECT count(*) FROM worker_heartbeats WHERE 'background' = ANY(queues)
                        AND seen_at > now() - interval '{WORKER_SECONDS} seconds'))
           - coalesce((SELECT sum(n) FROM flying), 0) AS places
),
line AS (
    SELECT id, user_id, seq, row_number() OVER (PARTITION BY user_id ORDER BY seq) AS place
    FROM exports WHERE status = 'queued' AND dispatched_at IS NULL AND not_before <= now()
),
next AS (
    SELECT line.id FROM line LEFT JOIN flying AS f USING (user_id)
    ORDER BY coalesce(f.n, 0) + line.place, line.seq
    LIMIT (SELECT greatest(0, places)::bigint FROM free)
),
picked AS (
    SELECT id FROM exports WHERE id IN (SELECT id FROM next)
      AND status = 'queued' AND dispatched_at IS NULL
    ORDER BY seq FOR UPDATE SKIP LOCKED
),
sent AS (
    UPDATE exports AS e SET dispatched_at = now() FROM picked WHERE e.id = picked.id
    RETURNING e.id, e.seq
)
SELECT id FROM sent ORDER BY seq
"""  # noqa: S608
)

_FORGET_DISPATCH = text(
    "UPDATE exports SET dispatched_at = NULL WHERE id = ANY(:ids) AND status = 'queued'"
)
_FORGET_LOST = text(
    f"""
UPDATE exports SET dispatched_at = NULL
WHERE status = 'queued' AND dispatched_at < now() - interval '{LOST_AFTER_SECONDS} seconds'
"""  # noqa: S608
)

_DELETE = text(
    "DELETE FROM exports WHERE id = :id AND status NOT IN ('queued', 'running') RETURNING *"
)
_DELETE_EXPIRED = text("DELETE FROM exports WHERE expires_at < now()")


def claim(connection: Connection, values: dict[str, Any]) -> RowMapping | None:
    """Take an export that waits; None when it does not (any more)."""
    return connection.execute(_CLAIM, values).mappings().first()


def renew(connection: Connection, held: ClaimedExport, **values: int) -> RowMapping | None:
    """Say how far it is and lengthen the lease; None when it is no longer the claimer's."""
    return _moved(connection, _RENEW, _key(held) | values)


def complete(
    connection: Connection, held: ClaimedExport, *, size: int, detail: str | None
) -> RowMapping | None:
    """Say that the file is stored; None when the export is no longer the claimer's."""
    values = {"file_key": held.key, "bytes": size, "detail": detail}
    return _moved(connection, _COMPLETE, _key(held) | values)


def fail(
    connection: Connection, held: ClaimedExport, code: ExportFailure, detail: str
) -> RowMapping | None:
    """Record the failure; None when the export is no longer the claimer's."""
    return _moved(connection, _FAIL, _key(held) | {"code": code, "detail": detail})


def try_again(
    connection: Connection, held: ClaimedExport, *, wait_seconds: int, detail: str
) -> RowMapping | None:
    """Let it wait for another attempt; None when none is left, or it is not the claimer's."""
    values = {"wait_seconds": wait_seconds, "detail": detail}
    return _moved(connection, _TRY_AGAIN, _key(held) | values)


def is_done(connection: Connection, held: ClaimedExport) -> bool:
    """Tell whether this very attempt is recorded as done."""
    values = {"id": held.id, "file_key": held.key}
    return bool(connection.execute(_IS_DONE, values).scalar_one())


def cancel(connection: Connection, export_id: UUID, detail: str | None) -> RowMapping | None:
    """End an export that waits or runs; None when it does neither."""
    return _moved(connection, _CANCEL, {"id": export_id, "detail": detail})


def cancel_all(connection: Connection, project_id: UUID, detail: str) -> list[RowMapping]:
    """End what waits or runs of a project; return the rows."""
    return _all(connection, _CANCEL_ALL, {"project_id": project_id, "detail": detail})


def delete(connection: Connection, export_id: UUID) -> RowMapping | None:
    """Delete an export that ended; None when it has not, or is gone."""
    return _moved(connection, _DELETE, {"id": export_id})


def delete_expired(connection: Connection) -> int:
    """Delete what was kept for long enough; return how many there were."""
    return connection.execute(_DELETE_EXPIRED).rowcount


def give_back_expired(connection: Connection, again: str, given_up: str) -> list[RowMapping]:
    """Give back, or up, the exports whose lease ran out; return the rows."""
    return _given_back(connection, (_REQUEUE_EXPIRED, _FAIL_EXPIRED), {}, again, given_up)


def give_back_orphaned(
    connection: Connection, worker: str, dead: Collection[int], again: str, given_up: str
) -> list[RowMapping]:
    """Give back, or up, the exports of children that are gone; return the rows."""
    values = {"worker": worker, "dead": list(dead)}
    statements = (_REQUEUE_ORPHANED, _FAIL_ORPHANED)
    return _given_back(connection, statements, values, again, given_up)


def release(connection: Connection, worker: str, detail: str) -> list[RowMapping]:
    """Give back what a stopping worker is at, no attempt used up; return the rows."""
    return _all(connection, _RELEASE, {"worker": worker, "detail": detail})


def claimants(connection: Connection, worker: str) -> set[int]:
    """Return the children that write exports of this worker."""
    return set(connection.execute(_CLAIMANTS, {"worker": worker}).scalars())


def take_next(connection: Connection) -> list[UUID]:
    """Choose the exports to send to workers now, and mark them as sent."""
    return list(connection.execute(_DISPATCH).scalars())


def forget_dispatch(connection: Connection, ids: list[UUID]) -> None:
    """Let exports be sent again that could not be."""
    connection.execute(_FORGET_DISPATCH, {"ids": ids})


def forget_lost(connection: Connection) -> int:
    """Let exports be sent again that nobody claimed; return how many."""
    return connection.execute(_FORGET_LOST).rowcount


def _given_back(
    connection: Connection,
    statements: tuple[TextClause, TextClause],
    values: dict[str, Any],
    again: str,
    given_up: str,
) -> list[RowMapping]:
    requeue, give_up = statements
    lost = {"code": ExportFailure.WORKER_LOST, "detail": given_up}
    return [
        *_all(connection, give_up, values | lost),
        *_all(connection, requeue, values | {"detail": again}),
    ]


def _key(held: ClaimedExport) -> dict[str, Any]:
    return {"id": held.id, "token": held.token}


def _moved(
    connection: Connection, statement: TextClause, values: dict[str, Any]
) -> RowMapping | None:
    return connection.execute(statement, values).mappings().first()


def _all(connection: Connection, statement: TextClause, values: dict[str, Any]) -> list[RowMapping]:
    return list(connection.execute(statement, values).mappings())
