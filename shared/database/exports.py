"""Exports: asking, showing and finding them, and what of a project they hold."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.engine import RowMapping

from shared.database.dashboards import WORKER_SECONDS
from shared.database.paging import Cut, Page, both_ways, cut_clauses, page_of
from shared.domain.exports import MAX_EXPORT_ATTEMPTS, ExportFormat, Selection

ORDERS = both_ways("e.created_at", "timestamptz", "createdAt")

_CHOSEN = """i.project_id = :project_id
    AND (CAST(:image_ids AS uuid[]) IS NULL OR i.id = ANY(:image_ids))
    AND (CAST(:statuses AS text[]) IS NULL OR i.status = ANY(:statuses))"""

_COUNT = text(f"SELECT count(*) FROM images AS i WHERE {_CHOSEN}")  # noqa: S608

_INSERT = text(
    """
INSERT INTO exports (project_id, user_id, formats, image_ids, statuses, total, max_attempts)
VALUES (:project_id, :user_id, :formats, :image_ids, :statuses, :total, :max_attempts)
RETURNING *
"""
)

# One after the other for each person, or two requests at once would both be the last allowed.
_LOCK = text("SELECT pg_advisory_xact_lock(4770005, hashtext(CAST(:user_id AS text)))")

_ACTIVE = text(
    "SELECT count(*) FROM exports WHERE user_id = :user_id AND status IN ('queued', 'running')"
)

_ONE = text("SELECT * FROM exports WHERE id = :id")

_LIST = """SELECT e.*, {sort_key} AS sort_key FROM exports AS e
WHERE e.project_id = :project_id AND e.user_id = :user_id AND {condition} {tail}"""

_SOMEBODY_WORKS = text(
    f"""
SELECT EXISTS (SELECT FROM worker_heartbeats WHERE 'background' = ANY(queues)
               AND seen_at > now() - interval '{WORKER_SECONDS} seconds')
"""  # noqa: S608 - the number is a constant of this package
)

# One statement is one moment: which result of which image the whole export is of.
_SNAPSHOT = text(
    f"""
SELECT i.id, i.current_run_id AS run_id, i.filename, i.status,
       CASE WHEN i.pages > 1 THEN i.page END AS page
FROM images AS i WHERE {_CHOSEN} ORDER BY i.created_at, i.id
"""  # noqa: S608
)

#: What a run's row has for the queue alone, or for its image's; all else is told of a result.
NOT_TOLD = (
    *("id", "seq", "image_id", "project_id", "user_id", "batch_id"),
    *("queue", "soft_seconds", "hard_seconds", "priority", "status", "max_attempts"),
    *("token", "lease_until", "pid", "not_before", "retried_because", "dispatched_at"),
    *("failure_code", "failure_detail", "result_path", "fresh", "environment"),
    *("base_run_id", "outrun_by", "tiles_done", "tiles_total"),
)

_DETAILS = text(
    """
SELECT i.*, r.result_path, to_jsonb(r) - CAST(:not_told AS text[])
       || jsonb_build_object('computed_with', e.described)
       || CASE WHEN r.edited THEN jsonb_build_object('edited_by', u.name) ELSE '{}' END
       AS run_facts
FROM unnest(CAST(:image_ids AS uuid[]), CAST(:run_ids AS uuid[])) AS asked (id, run_id)
JOIN images AS i ON i.id = asked.id
LEFT JOIN runs AS r ON r.id = asked.run_id AND r.result_path IS NOT NULL
LEFT JOIN environments AS e ON e.digest = r.environment
LEFT JOIN users AS u ON u.id = r.user_id
"""
)

_RENEW_LEASES = text(
    """
WITH mine AS (
    SELECT id FROM exports
    WHERE worker = :worker AND pid = ANY(:pids) AND status = 'running' ORDER BY id FOR UPDATE
)
UPDATE exports AS e SET lease_until = clock_timestamp() + make_interval(secs => :lease_seconds)
FROM mine WHERE e.id = mine.id
"""
)

_IS_THERE = text("SELECT EXISTS (SELECT FROM images WHERE id = :id)")


@dataclass(frozen=True, slots=True)
class NewExport:
    """An export that is asked for."""

    project_id: UUID
    user_id: UUID
    formats: tuple[ExportFormat, ...]
    selection: Selection


@dataclass(frozen=True, slots=True)
class Chosen:
    """An image of an export's moment, and the run whose result it had then."""

    id: UUID
    run_id: UUID | None
    filename: str
    status: str
    page: int | None  #: Of an image whose file has several.


def count_chosen(connection: Connection, project_id: UUID, selection: Selection) -> int:
    """Return how many images are chosen."""
    return int(connection.execute(_COUNT, _values(project_id, selection)).scalar_one())


def count_active(connection: Connection, user_id: UUID) -> int:
    """Return how many exports of the user wait or run; others of theirs wait for the answer."""
    connection.execute(_LOCK, {"user_id": user_id})
    return int(connection.execute(_ACTIVE, {"user_id": user_id}).scalar_one())


def insert(connection: Connection, new: NewExport, total: int) -> RowMapping:
    """Insert the export; return its row."""
    values = _values(new.project_id, new.selection) | {
        "user_id": new.user_id,
        "formats": list(new.formats),
        "total": total,
        "max_attempts": MAX_EXPORT_ATTEMPTS,
    }
    return connection.execute(_INSERT, values).mappings().one()


def export(connection: Connection, export_id: UUID) -> RowMapping | None:
    """Return the export; None when there is none."""
    return connection.execute(_ONE, {"id": export_id}).mappings().first()


def list_exports(connection: Connection, project_id: UUID, user_id: UUID, cut: Cut) -> Page:
    """Return one page of what the user exported of the project."""
    condition, tail, parameters = cut_clauses(cut, "e.id")
    statement = text(_LIST.format(sort_key=cut.order.expression, condition=condition, tail=tail))
    values = {"project_id": project_id, "user_id": user_id} | parameters
    return page_of(connection.execute(statement, values).mappings().all(), cut.limit)


def somebody_works(connection: Connection) -> bool:
    """Tell whether a worker is online that takes exports."""
    return bool(connection.execute(_SOMEBODY_WORKS).scalar_one())


def snapshot(connection: Connection, project_id: UUID, selection: Selection) -> list[Chosen]:
    """Return the images that are chosen now, each with its current result, oldest first."""
    rows = connection.execute(_SNAPSHOT, _values(project_id, selection))
    return [Chosen(*row) for row in rows]


def details(connection: Connection, some: Sequence[Chosen]) -> dict[UUID, RowMapping]:
    """Return, by their ids, those of the images that are there still, with their runs' facts."""
    values = {
        "image_ids": [each.id for each in some],
        "run_ids": [each.run_id for each in some],
        "not_told": list(NOT_TOLD),
    }
    return {row["id"]: row for row in connection.execute(_DETAILS, values).mappings()}


def renew_leases(
    connection: Connection, worker: str, pids: Collection[int], lease_seconds: int
) -> None:
    """Lengthen the leases of what these children of the worker write."""
    values = {"worker": worker, "pids": list(pids), "lease_seconds": lease_seconds}
    connection.execute(_RENEW_LEASES, values)


def is_there(connection: Connection, image_id: UUID) -> bool:
    """Tell whether the image has not been deleted."""
    return bool(connection.execute(_IS_THERE, {"id": image_id}).scalar_one())


def _values(project_id: UUID, selection: Selection) -> dict[str, Any]:
    ids, statuses = selection.image_ids, selection.statuses
    return {
        "project_id": project_id,
        "image_ids": None if ids is None else list(ids),
        "statuses": None if statuses is None else list(statuses),
    }
