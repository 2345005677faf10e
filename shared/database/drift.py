"""The tally against the rows it counts: what differs, and the delta that puts it right."""

import json
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from shared.database.tally_tables import COUNTED

_NAMES = (*COUNTED, "objects")
_DIFFER = " OR ".join(f"{name} <> 0" for name in _NAMES)

# Rows, stats and unfolded deltas in one statement: only of one moment may they be compared.
_DRIFT = f"""
SELECT p.id AS project_id, p.title,
       {", ".join(f"i.{name} - coalesce(s.{name}, 0) - d.{name} AS {name}" for name in _NAMES)}
FROM projects AS p
LEFT JOIN project_stats AS s ON s.project_id = p.id
CROSS JOIN LATERAL (
    SELECT {", ".join(f"coalesce(sum({name}), 0)::bigint AS {name}" for name in _NAMES)}
    FROM stats_deltas WHERE project_id = p.id
) AS d
CROSS JOIN LATERAL (
    SELECT {", ".join(f"count(*) FILTER (WHERE status = '{word}') AS {word}" for word in COUNTED)},
           coalesce(sum(object_count), 0)::bigint AS objects
    FROM images WHERE project_id = p.id
) AS i
WHERE p.id = :project_id
"""  # noqa: S608 - the names are constants of this package

_FIND = text(f"SELECT * FROM ({_DRIFT}) AS drift WHERE {_DIFFER}")  # noqa: S608

_REPAIR = text(
    f"""
INSERT INTO stats_deltas (project_id, {", ".join(_NAMES)}, operation)
SELECT project_id, {", ".join(_NAMES)}, 'reconciled' FROM ({_DRIFT}) AS drift WHERE {_DIFFER}
"""  # noqa: S608
)

_ENSURE_ROW = text(
    "INSERT INTO project_stats (project_id) VALUES (:project_id) ON CONFLICT DO NOTHING"
)

_PROJECTS = text("SELECT id FROM projects WHERE NOT deleting ORDER BY created_at, id")

# A project comes again after half a day, so that none waits longer than a day for its turn.
_DUE = text(
    """
SELECT p.id FROM projects AS p LEFT JOIN project_stats AS s ON s.project_id = p.id
WHERE NOT p.deleting
  AND (s.reconciled_at IS NULL OR s.reconciled_at < now() - interval '12 hours')
ORDER BY s.reconciled_at NULLS FIRST LIMIT :limit
"""
)

# A project that lost its row of stats gets one: what it should say is found right after.
_RECONCILED = text(
    """
INSERT INTO project_stats (project_id, reconciled_at)
SELECT id, now() FROM projects WHERE id = :project_id AND NOT deleting
ON CONFLICT (project_id) DO UPDATE SET reconciled_at = now()
"""
)

_FOUND = text(
    "INSERT INTO drift_found (project_id, differences, total)"
    " VALUES (:project_id, CAST(:differences AS jsonb), :total)"
)

# What was announced last is forgotten too, so that everything counts as changed.
_BUMP_DASHBOARDS = text("UPDATE dashboards SET version = version + :by, announced = NULL")

_BUMP_STATS = text(
    "UPDATE project_stats SET version = version + :by WHERE project_id = :project_id"
)

_BUMP_IMAGES = text(
    """
WITH locked AS (
    SELECT id FROM images WHERE project_id = :project_id ORDER BY id FOR UPDATE
)
UPDATE images SET status_version = status_version + :by
WHERE id = ANY(ARRAY(SELECT id FROM locked))
"""
)


@dataclass(frozen=True, slots=True)
class Drift:
    """Where a project's tally is wrong: for each such count, the rows less the tally."""

    project_id: UUID
    title: str
    differences: dict[str, int]

    @property
    def total(self) -> int:
        """By how much all counts are wrong together."""
        return sum(map(abs, self.differences.values()))


def project_ids(connection: Connection) -> list[UUID]:
    """Return every project that is not being deleted, the oldest first."""
    return list(connection.execute(_PROJECTS).scalars())


def due_projects(connection: Connection, limit: int) -> list[UUID]:
    """Return projects that were not compared with their rows for half a day, the longest first."""
    return list(connection.execute(_DUE, {"limit": limit}).scalars())


def mark_reconciled(connection: Connection, project_id: UUID) -> None:
    """Say that it is the project's turn now to have its tally compared with its rows."""
    connection.execute(_RECONCILED, {"project_id": project_id})


def find_drift(connection: Connection, project_id: UUID) -> Drift | None:
    """Recount the project's images; None when its tally is right."""
    row = connection.execute(_FIND, {"project_id": project_id}).mappings().first()
    if row is None:
        return None
    differences = {name: int(row[name]) for name in _NAMES if row[name]}
    return Drift(row["project_id"], row["title"], differences)


def ensure_stats_row(connection: Connection, project_id: UUID) -> None:
    """Insert the project's row of stats if it has none."""
    connection.execute(_ENSURE_ROW, {"project_id": project_id})


def append_correction(connection: Connection, found: Drift) -> None:
    """Append the delta that makes the tally right, and keep what was wrong.

    Lock the row of stats before *found* is asked for: changes that are counted cannot alter
    it, and every correction waits for that lock.
    """
    connection.execute(_REPAIR, {"project_id": found.project_id})
    values = {"differences": json.dumps(found.differences), "total": found.total}
    connection.execute(_FOUND, {"project_id": found.project_id, **values})


def bump_project(connection: Connection, project_id: UUID, by: int) -> None:
    """Raise the versions of a project and of its images; lock the project first."""
    values = {"project_id": project_id, "by": by}
    connection.execute(_BUMP_IMAGES, values)
    connection.execute(_BUMP_STATS, values)


def bump_dashboards(connection: Connection, by: int) -> None:
    """Raise the versions of all dashboards."""
    connection.execute(_BUMP_DASHBOARDS, {"by": by})
