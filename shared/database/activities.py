"""Entries of the feed: written with the change, grown by what belongs to them, read in pages."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.engine import RowMapping

from shared.database.readers import READABLE, readers_of
from shared.domain.activities import Activity, ActivityDetails, ActivityType

#: Entries that one person makes in a minute; what comes above joins others of its kind.
MOST_A_MINUTE = 60

# One writer of a person's entries at a time: else two would each make the last one allowed.
_LOCK = text("SELECT pg_advisory_xact_lock(4770003, hashtext(CAST(:actor_id AS text)))")

# An entry grows by what belongs to the same act. Beyond the limit it joins the newest entry of
# its kind in the project, or the one entry of its kind that is of no project.
_RECORD = text(
    f"""
WITH lately AS (
    SELECT * FROM activities
    WHERE actor_id = :actor_id AND at > clock_timestamp() - interval '1 minute'
),
spent AS (SELECT count(*) >= {MOST_A_MINUTE} AS all_of_it FROM lately),
same AS (
    SELECT id FROM activities
    WHERE actor_id = :actor_id AND act = :act AND project_id = :project_id
    ORDER BY at DESC LIMIT 1
),
akin AS (
    SELECT lately.id FROM lately, spent
    WHERE spent.all_of_it AND type = :type AND (project_id = :project_id OR project_id IS NULL)
    ORDER BY project_id IS NULL, at DESC LIMIT 1
),
target AS (SELECT id FROM same UNION ALL SELECT id FROM akin LIMIT 1),
grown AS (
    UPDATE activities AS a
    SET count = coalesce(a.count, 1) + coalesce(:count, 1),
        failed = a.failed + :failed,
        duration_ms = greatest(a.duration_ms, :duration_ms),
        type = CASE WHEN a.type = '{ActivityType.SEGMENTATION_FAILED}' THEN :type ELSE a.type END,
        version = a.version + 1, untold = true
    FROM target WHERE a.id = target.id
    RETURNING a.id, false AS is_new
),
made AS (
    INSERT INTO activities (type, project_id, project_name, actor_id, actor_name, act,
                            count, failed, duration_ms)
    SELECT :type, CASE WHEN NOT spent.all_of_it THEN CAST(:project_id AS uuid) END,
           CASE WHEN NOT spent.all_of_it THEN :project_name END, u.id, u.name,
           CASE WHEN NOT spent.all_of_it THEN :act END, :count, :failed, :duration_ms
    FROM users AS u, spent WHERE u.id = :actor_id AND NOT EXISTS (SELECT FROM target)
    RETURNING id, true AS is_new
)
SELECT id, is_new FROM grown UNION ALL SELECT id, is_new FROM made
"""  # noqa: S608 - built from constants of this package
)

# For each project its newest, then the newest of all: the same cost however long its history is.
_LIST = f"""
WITH readable AS ({READABLE}),
found AS (
    SELECT newest.* FROM readable CROSS JOIN LATERAL (
        SELECT a.* FROM activities AS a WHERE a.project_id = readable.id AND {{condition}}
        ORDER BY a.at DESC, a.id DESC LIMIT :fetched
    ) AS newest
    UNION ALL
    (SELECT a.* FROM activities AS a
     WHERE a.project_id IS NULL AND a.actor_id = :user_id AND {{condition}}
     ORDER BY a.at DESC, a.id DESC LIMIT :fetched)
)
SELECT * FROM found ORDER BY at DESC, id DESC LIMIT :fetched
"""  # noqa: S608

_PLACE = text(
    f"""
SELECT at FROM activities AS a
WHERE a.id = :id AND (a.project_id IN ({READABLE})
                      OR (a.project_id IS NULL AND a.actor_id = :user_id))
"""  # noqa: S608
)

# An entry of no project is read by its actor alone.
_WITH_READERS = text(
    f"""
SELECT a.*, reader.user_id AS reader FROM activities AS a
CROSS JOIN LATERAL (
    {readers_of("a.project_id")}
    UNION SELECT a.actor_id WHERE a.project_id IS NULL AND a.actor_id IS NOT NULL
) AS reader
WHERE a.id = ANY(:ids) ORDER BY reader.user_id
"""  # noqa: S608
)

_FORGET = (
    text("DELETE FROM activities WHERE at < now() - make_interval(days => :days)"),
    text("DELETE FROM former_members WHERE at < now() - make_interval(days => :days)"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What somebody did in a project; what has the same *act* becomes one entry."""

    type: ActivityType
    actor_id: UUID
    project_id: UUID
    project_name: str
    count: int | None = None
    failed: int = 0
    duration_ms: int | None = None
    act: str | None = None


@dataclass(frozen=True, slots=True)
class FeedFilter:
    """Which entries are asked for."""

    user_id: UUID
    project_id: UUID | None = None
    type: ActivityType | None = None


def record(connection: Connection, deed: Deed) -> tuple[UUID, bool] | None:
    """Write the entry, or grow the one it belongs to; return its id and whether it is new.

    None when the actor is gone. The last statement of its transaction: until that ends, other
    deeds of the actor wait.
    """
    values = {
        "type": deed.type,
        "actor_id": deed.actor_id,
        "project_id": deed.project_id,
        "project_name": deed.project_name,
        "count": deed.count,
        "failed": deed.failed,
        "duration_ms": deed.duration_ms,
        "act": deed.act,
    }
    connection.execute(_LOCK, {"actor_id": deed.actor_id})
    row = connection.execute(_RECORD, values).first()
    return None if row is None else (row.id, row.is_new)


def list_activities(
    connection: Connection,
    chosen: FeedFilter,
    *,
    limit: int,
    before: tuple[datetime, UUID] | None = None,
) -> tuple[list[Activity], bool]:
    """Return the entries a user may read, newest first, and whether there are older ones."""
    conditions = ["true"]
    values: dict[str, Any] = {"user_id": chosen.user_id, "fetched": limit + 1}
    if before is not None:
        conditions.append("(a.at, a.id) < (:before_at, :before_id)")
        values |= {"before_at": before[0], "before_id": before[1]}
    if chosen.project_id is not None:
        conditions.append("a.project_id = :project_id")
        values["project_id"] = chosen.project_id
    if chosen.type is not None:
        conditions.append("a.type = :type")
        values["type"] = chosen.type
    statement = text(_LIST.format(condition=" AND ".join(conditions)))
    rows = connection.execute(statement, values).mappings().all()
    return [activity_of(row) for row in rows[:limit]], len(rows) > limit


def with_readers(
    connection: Connection, ids: list[UUID]
) -> dict[UUID, list[tuple[Activity, UUID]]]:
    """Return the entries as they are now, each with whoever may read it now."""
    told: dict[UUID, list[tuple[Activity, UUID]]] = {}
    if ids:
        for row in connection.execute(_WITH_READERS, {"ids": ids}).mappings():
            told.setdefault(row["id"], []).append((activity_of(row), row["reader"]))
    return told


def place_of(connection: Connection, user_id: UUID, activity_id: UUID) -> datetime | None:
    """Return when an entry that the user may read began; None when there is none."""
    values = {"user_id": user_id, "id": activity_id}
    return connection.execute(_PLACE, values).scalar()


def forget_old(connection: Connection, days: int) -> int:
    """Delete entries older than so many days; return how many there were."""
    activities, _ = (connection.execute(each, {"days": days}) for each in _FORGET)
    return int(activities.rowcount)


def activity_of(row: RowMapping) -> Activity:
    """Return the row as the value that goes over the network."""
    outcome = row["type"] in {
        ActivityType.SEGMENTATION_COMPLETED,
        ActivityType.SEGMENTATION_FAILED,
    }
    return Activity(
        id=row["id"],
        version=row["version"],
        type=row["type"],
        project_id=row["project_id"],
        project_name=row["project_name"],
        actor_name=row["actor_name"],
        details=ActivityDetails(
            count=row["count"],
            failed=row["failed"] if outcome else None,
            duration=row["duration_ms"],
            success=row["failed"] == 0 if outcome else None,
        ),
        timestamp=row["at"],
    )
