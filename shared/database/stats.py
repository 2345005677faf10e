"""The tally in SQL: the fold, and the read that is exact at any moment (rules.md 2 to 4)."""

import json
from dataclasses import dataclass
from math import inf
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.engine import RowMapping

from shared.database.tally_tables import COUNTED
from shared.domain.events import MAX_AFFECTED
from shared.domain.stats import ProjectStats

_SUMMED = (*COUNTED, "objects")

# Row and unfolded deltas in one statement: two would see two moments, and a row lock would
# read the row newer than the snapshot of its deltas. Both were tried and gave wrong counts.
_READ = f"""
SELECT s.project_id, s.version + d.n AS version,
       {", ".join(f"s.{name} + d.{name} AS {name}" for name in _SUMMED)},
       greatest(s.last_updated, d.at) AS last_updated,
       greatest(s.last_image_added, d.last_image_added) AS last_image_added,
       greatest(s.last_segmentation_completed, d.last_segmentation_completed)
           AS last_segmentation_completed
FROM project_stats AS s
CROSS JOIN LATERAL (
    SELECT count(*) AS n, max(at) AS at,
           {", ".join(f"coalesce(sum({name}), 0)::bigint AS {name}" for name in _SUMMED)},
           max(last_image_added) AS last_image_added,
           max(last_segmentation_completed) AS last_segmentation_completed
    FROM stats_deltas WHERE project_id = s.project_id
) AS d
WHERE s.project_id = ANY(:project_ids)
"""  # noqa: S608 - the names are constants of this package

# Waits for another fold of the project: one that skipped would lose the last wake-up.
_LOCK = text("SELECT 1 FROM project_stats WHERE project_id = :project_id FOR UPDATE")

_DROP = text("DELETE FROM stats_deltas WHERE project_id = :project_id")

_FOLD = text(
    f"""
WITH taken AS (DELETE FROM stats_deltas WHERE project_id = :project_id RETURNING *),
by_operation AS (
    SELECT coalesce(operation, 'reconciled') AS operation, sum(affected) AS affected
    FROM taken GROUP BY 1
),
buckets AS (
    INSERT INTO activity_buckets AS b (user_id, starts_at, uploads, completions, run_ms)
    SELECT p.owner_id, date_trunc('minute', t.at) AS minute,
           sum(t.uploads), sum(t.completions), sum(t.run_ms)
    FROM taken AS t JOIN projects AS p ON p.id = t.project_id
    WHERE t.uploads > 0 OR t.completions > 0
    GROUP BY p.owner_id, minute ORDER BY minute
    ON CONFLICT (user_id, starts_at) DO UPDATE
    SET uploads = b.uploads + excluded.uploads,
        completions = b.completions + excluded.completions,
        run_ms = b.run_ms + excluded.run_ms
),
total AS (
    SELECT count(*) AS n, max(at) AS at,
           {", ".join(f"coalesce(sum({name}), 0) AS {name}" for name in _SUMMED)},
           coalesce(sum(uploads), 0) AS uploads, coalesce(sum(deletes), 0) AS deletes,
           coalesce(sum(completions), 0) AS completions, coalesce(sum(run_ms), 0) AS run_ms,
           max(last_image_added) AS last_image_added,
           max(last_segmentation_completed) AS last_segmentation_completed,
           array_remove(array_agg(DISTINCT op_id), NULL) AS op_ids,
           (SELECT jsonb_object_agg(operation, affected) FROM by_operation) AS operations
    FROM taken
)
UPDATE project_stats AS s
SET version = s.version + total.n,
    {", ".join(f"{name} = s.{name} + total.{name}" for name in _SUMMED)},
    last_updated = greatest(s.last_updated, total.at),
    last_image_added = greatest(s.last_image_added, total.last_image_added),
    last_segmentation_completed =
        greatest(s.last_segmentation_completed, total.last_segmentation_completed),
    folded_at = clock_timestamp()
FROM total
WHERE s.project_id = :project_id AND total.n > 0
RETURNING s.*, total.n AS taken, total.uploads AS new_uploads, total.deletes AS new_deletes,
    total.completions AS new_completions, total.run_ms AS new_run_ms,
    total.op_ids AS new_op_ids, total.operations AS new_operations,
    ARRAY(SELECT DISTINCT unnest(image_ids) FROM taken LIMIT 51) AS new_image_ids,
    (SELECT bool_or(affected > cardinality(image_ids)) FROM taken) AS unnamed,
    ARRAY(SELECT DISTINCT unnest(image_ids) FROM taken WHERE uploads > 0 LIMIT 50) AS uploaded_ids,
    ARRAY(SELECT DISTINCT unnest(image_ids) FROM taken WHERE deletes > 0 LIMIT 50) AS deleted_ids
"""  # noqa: S608
)

_CURRENT = text("SELECT * FROM project_stats WHERE project_id = :project_id")

_ANNOUNCEMENT = text(
    "UPDATE project_stats SET announcement = CAST(:announcement AS jsonb)"
    " WHERE project_id = :project_id"
)

_PUBLISHED = text(
    "UPDATE project_stats SET published_version = greatest(published_version, :version)"
    " WHERE project_id = :project_id"
)

# What a lost message, a crash or an absent Redis left behind (rules.md 7).
_DUE = text(
    """
SELECT project_id FROM stats_deltas WHERE at < clock_timestamp() - interval '1 second'
UNION SELECT project_id FROM project_stats WHERE published_version < version
      AND (folded_at IS NULL OR folded_at < clock_timestamp() - interval '1 second')
"""
)

#: Changes flood in when there are more than this since the last fold, and many are still to come.
FLOOD, BACKLOG = 20, 200

_PACE = text(
    f"""
SELECT extract(epoch FROM clock_timestamp() - folded_at) AS since, queued > {BACKLOG} AND EXISTS (
    SELECT FROM stats_deltas WHERE project_id = :project_id ORDER BY id OFFSET {FLOOD}
) AS flooded FROM project_stats WHERE project_id = :project_id
"""  # noqa: S608 - the numbers are constants of this module
)

_RECOUNT = text(
    f"""
SELECT {", ".join(f"count(*) FILTER (WHERE status = '{word}') AS {word}" for word in COUNTED)},
       coalesce(sum(object_count), 0)::bigint AS objects
FROM images WHERE project_id = :project_id
"""  # noqa: S608
)


@dataclass(frozen=True, slots=True)
class Fold:
    """What one fold took, beside the stats it led to."""

    stats: ProjectStats
    taken: int  #: Delta rows, by which the version rose.
    uploads: int
    deletes: int
    completions: int
    run_ms: int
    operations: dict[str, int]
    op_ids: list[str]
    image_ids: list[UUID]
    unnamed: bool  #: Whether images changed that `image_ids` does not name.
    uploaded_ids: list[UUID]
    deleted_ids: list[UUID]


def read_stats(connection: Connection, project_id: UUID) -> ProjectStats | None:
    """Return the counts of this moment, the unfolded deltas included."""
    return read_many(connection, [project_id]).get(project_id)


def read_many(connection: Connection, project_ids: list[UUID]) -> dict[UUID, ProjectStats]:
    """Return the counts of many projects, all of one moment, in one statement."""
    rows = connection.execute(text(_READ), {"project_ids": project_ids}).mappings()
    return {row["project_id"]: stats_of(row) for row in rows}


def lock_stats(connection: Connection, project_id: UUID) -> bool:
    """Lock the project's row for a fold; False when the project is gone."""
    return connection.execute(_LOCK, {"project_id": project_id}).first() is not None


def drop_deltas(connection: Connection, project_id: UUID) -> None:
    """Delete the deltas of a project that no longer exists."""
    connection.execute(_DROP, {"project_id": project_id})


def fold_deltas(connection: Connection, project_id: UUID) -> Fold | None:
    """Take the project's deltas into its row; None when there are none. Lock the row first."""
    row = connection.execute(_FOLD, {"project_id": project_id}).mappings().first()
    if row is None:
        return None
    return Fold(
        stats=stats_of(row),
        taken=int(row["taken"]),
        uploads=int(row["new_uploads"]),
        deletes=int(row["new_deletes"]),
        completions=int(row["new_completions"]),
        run_ms=int(row["new_run_ms"]),
        operations={name: int(n) for name, n in row["new_operations"].items()},
        op_ids=row["new_op_ids"] or [],
        image_ids=row["new_image_ids"][:MAX_AFFECTED],
        unnamed=row["unnamed"] or len(row["new_image_ids"]) > MAX_AFFECTED,
        uploaded_ids=row["uploaded_ids"],
        deleted_ids=row["deleted_ids"],
    )


def folded_row(connection: Connection, project_id: UUID) -> RowMapping | None:
    """Return the row of the last fold, without what came after it."""
    return connection.execute(_CURRENT, {"project_id": project_id}).mappings().first()


def recount(connection: Connection, project_id: UUID) -> dict[str, int]:
    """Count the images themselves: slow, and what the tally must equal."""
    row = connection.execute(_RECOUNT, {"project_id": project_id}).mappings().one()
    return {name: int(row[name]) for name in _SUMMED}


def stats_of(row: RowMapping) -> ProjectStats:
    """Return the row's counts as the value that goes over the network."""
    counts: dict[str, int] = {name: int(row[name]) for name in COUNTED}
    statuses: dict[str, Any] = {f"{name}_count": count for name, count in counts.items()}
    return ProjectStats(
        project_id=row["project_id"],
        version=int(row["version"]),
        image_count=sum(counts.values()),
        pending_count=counts["queued"] + counts["processing"],
        object_count=int(row["objects"]),
        last_updated=row["last_updated"],
        last_image_added=row["last_image_added"],
        last_segmentation_completed=row["last_segmentation_completed"],
        **statuses,
    )


def keep_announcement(
    connection: Connection, project_id: UUID, announcement: dict[str, Any]
) -> None:
    """Keep what is to be said until it is published."""
    values = {"project_id": project_id, "announcement": json.dumps(announcement)}
    connection.execute(_ANNOUNCEMENT, values)


def mark_published(connection: Connection, project_id: UUID, version: int) -> None:
    """Say that *version* reached the channel."""
    connection.execute(_PUBLISHED, {"project_id": project_id, "version": version})


def due_projects(connection: Connection) -> list[UUID]:
    """Return the projects whose deltas or whose announcement wait for too long."""
    return list(connection.execute(_DUE).scalars())


def pace(connection: Connection, project_id: UUID) -> tuple[float, bool]:
    """Return the seconds since the project was folded, and whether changes flood in since then.

    By the database's clock; a project that never was folded was so infinitely long ago.
    """
    row = connection.execute(_PACE, {"project_id": project_id}).first()
    if row is None or row.since is None:
        return inf, False
    return float(row.since), row.flooded
