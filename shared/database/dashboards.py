"""A user's totals, all of one moment, in one statement (rules.md 9 and 10)."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.engine import RowMapping

from shared.domain.stats import DashboardMetrics, RecentActivity, SystemStats

#: A worker that was not heard of for this long is not online.
WORKER_SECONDS = 20

# Sums of rows plus sums of deltas, as for one project. "Today" and "this week" begin in the
# user's own time zone; acts that are not folded yet count too.
_METRICS = text(
    f"""
WITH me AS (SELECT id, time_zone,
                   coalesce(CAST(:at AS timestamptz), now()) AT TIME ZONE time_zone AS here
            FROM users WHERE id = :user_id),
local AS (SELECT id, date_trunc('day', here) AT TIME ZONE time_zone AS today,
                 date_trunc('week', here) AT TIME ZONE time_zone AS monday FROM me),
mine AS (SELECT p.id, p.created_at FROM projects AS p JOIN me ON p.owner_id = me.id
         WHERE NOT p.deleting),
kept AS (SELECT coalesce(sum(uploaded + queued + processing + segmented + no_objects + failed), 0)
                    AS images,
                coalesce(sum(segmented), 0) AS segmented, coalesce(sum(objects), 0) AS objects,
                coalesce(sum(queued), 0) AS queued, coalesce(sum(processing), 0) AS processing
         FROM project_stats WHERE project_id IN (SELECT id FROM mine)),
fresh AS (SELECT coalesce(sum(uploaded + queued + processing + segmented + no_objects + failed), 0)
                    AS images,
                coalesce(sum(segmented), 0) AS segmented, coalesce(sum(objects), 0) AS objects,
                coalesce(sum(queued), 0) AS queued, coalesce(sum(processing), 0) AS processing,
                coalesce(sum(uploads) FILTER (WHERE at >= (SELECT today FROM local)), 0)
                    AS uploads,
                coalesce(sum(completions) FILTER (WHERE at >= (SELECT today FROM local)), 0)
                    AS completions
          FROM stats_deltas WHERE project_id IN (SELECT id FROM mine)),
acts AS (SELECT coalesce(sum(uploads), 0) AS uploads, coalesce(sum(completions), 0) AS completions
         FROM activity_buckets
         WHERE user_id = :user_id AND starts_at >= (SELECT today FROM local)),
pace AS (SELECT coalesce(avg(duration_ms), 0) AS ms FROM runs
         WHERE user_id = :user_id AND status = 'succeeded' AND NOT edited
           AND finished_at > now() - interval '24 hours')
SELECT (SELECT count(*) FROM mine) AS total_projects,
       kept.images + fresh.images AS total_images,
       kept.segmented + fresh.segmented AS total_segmented,
       kept.objects + fresh.objects AS total_objects,
       acts.uploads + fresh.uploads AS images_uploaded_today,
       acts.completions + fresh.completions AS segmentations_completed_today,
       (SELECT count(*) FROM mine WHERE created_at >= (SELECT monday FROM local))
           AS projects_created_this_week,
       kept.queued + fresh.queued AS queue_length,
       kept.processing + fresh.processing AS processing_images,
       round(pace.ms) AS avg_processing_time,
       (SELECT count(*) FROM worker_heartbeats
        WHERE seen_at > now() - interval '{WORKER_SECONDS} seconds'
          AND EXISTS (SELECT FROM unnest(queues) AS q WHERE q LIKE 'segment.%')) AS workers_online,
       coalesce(stored.version, 0) AS version, stored.metrics AS stored
FROM kept CROSS JOIN fresh CROSS JOIN acts CROSS JOIN pace
LEFT JOIN dashboards AS stored ON stored.user_id = :user_id
"""  # noqa: S608 - the number is a constant of this module
)

_LOCK = text(
    """
INSERT INTO dashboards AS d (user_id) VALUES (:user_id)
ON CONFLICT (user_id) DO UPDATE SET due = d.due
RETURNING version, published_version, metrics, announced
"""
)

_STORE = text(
    """
UPDATE dashboards SET version = :version, metrics = CAST(:metrics AS jsonb), due = false,
       computed_at = clock_timestamp()
WHERE user_id = :user_id
"""
)

# It stays due: what was folded after these totals were read must not be forgotten.
_STORE_AFTER = text(
    """
INSERT INTO dashboards AS d (user_id, version, metrics, computed_at)
VALUES (:user_id, CAST(:seen AS bigint) + 1, CAST(:metrics AS jsonb), clock_timestamp())
ON CONFLICT (user_id) DO UPDATE
SET version = excluded.version, metrics = excluded.metrics, computed_at = excluded.computed_at
WHERE d.version = :seen
RETURNING version
"""
)

_PUBLISHED = text(
    """
UPDATE dashboards SET published_version = :version, announced = metrics
WHERE user_id = :user_id AND version = :version
"""
)

_MARK_DUE = text(
    """
INSERT INTO dashboards (user_id) VALUES (:user_id) ON CONFLICT (user_id) DO UPDATE SET due = true
"""
)

# A week begins with one of its days.
_NEW_DAY = text(
    """
UPDATE dashboards AS d SET due = true FROM users AS u
WHERE u.id = d.user_id AND NOT d.due
  AND d.computed_at < date_trunc('day', now() AT TIME ZONE u.time_zone) AT TIME ZONE u.time_zone
"""
)

_ALL_DUE = text("UPDATE dashboards SET due = true WHERE NOT due")

_DUE = text(
    """
SELECT user_id FROM dashboards
WHERE (due OR published_version < version)
  AND (computed_at IS NULL OR computed_at < clock_timestamp() - interval '1 second')
"""
)

_SINCE = text(
    "SELECT extract(epoch FROM clock_timestamp() - computed_at) FROM dashboards"
    " WHERE user_id = :user_id"
)


@dataclass(frozen=True, slots=True)
class StoredDashboard:
    """The totals as last computed, and as last announced."""

    version: int
    published_version: int
    metrics: dict[str, Any] | None
    announced: dict[str, Any] | None


def lock(connection: Connection, user_id: UUID) -> StoredDashboard:
    """Lock the user's row, made if it is missing."""
    row = connection.execute(_LOCK, {"user_id": user_id}).one()
    return StoredDashboard(row.version, row.published_version, row.metrics, row.announced)


def store(connection: Connection, user_id: UUID, metrics: DashboardMetrics) -> None:
    """Store the totals just computed."""
    values = {
        "user_id": user_id,
        "version": metrics.version,
        "metrics": json.dumps(metrics.to_json()),
    }
    connection.execute(_STORE, values)


def store_after(
    connection: Connection, user_id: UUID, metrics: DashboardMetrics
) -> DashboardMetrics | None:
    """Store totals that follow on the version they were read with; None when another one did."""
    values = {
        "user_id": user_id,
        "seen": metrics.version,
        "metrics": json.dumps(
            metrics.model_copy(update={"version": metrics.version + 1}).to_json()
        ),
    }
    version = connection.execute(_STORE_AFTER, values).scalar()
    return None if version is None else metrics.model_copy(update={"version": version})


def mark_published(connection: Connection, user_id: UUID, version: int) -> None:
    """Say that *version* reached the channel."""
    connection.execute(_PUBLISHED, {"user_id": user_id, "version": version})


def mark_due(connection: Connection, user_id: UUID) -> None:
    """Ask for the user's totals to be computed again."""
    connection.execute(_MARK_DUE, {"user_id": user_id})


def mark_new_days_due(connection: Connection) -> None:
    """Ask for the totals of everybody whose day began since theirs were computed."""
    connection.execute(_NEW_DAY)


def mark_all_due(connection: Connection) -> None:
    """Ask for everybody's totals: something that all share changed."""
    connection.execute(_ALL_DUE)


def due_users(connection: Connection) -> list[UUID]:
    """Return the users whose totals wait to be computed or announced."""
    return list(connection.execute(_DUE).scalars())


def seconds_since_computed(connection: Connection, user_id: UUID) -> float | None:
    """Return how long ago the totals were computed, by the database's clock; None if never."""
    seconds = connection.execute(_SINCE, {"user_id": user_id}).scalar()
    return None if seconds is None else float(seconds)


def read_dashboard(
    connection: Connection, user_id: UUID, *, at: datetime | None = None
) -> DashboardMetrics:
    """Return the user's totals of this moment, with the version last stored.

    *at* is the moment whose day and week are meant; None is now.
    """
    return read_with_stored(connection, user_id, at=at)[0]


def read_with_stored(
    connection: Connection, user_id: UUID, *, at: datetime | None = None
) -> tuple[DashboardMetrics, DashboardMetrics | None]:
    """Return the totals of this moment and those stored, both in one statement."""
    row = connection.execute(_METRICS, {"user_id": user_id, "at": at}).mappings().one()
    stored = row["stored"]
    return metrics_of(row), None if stored is None else DashboardMetrics.model_validate(stored)


def metrics_of(row: RowMapping) -> DashboardMetrics:
    """Return the row's totals as the value that goes over the network."""
    counts = {name: int(value or 0) for name, value in row.items() if name != "stored"}
    return DashboardMetrics(
        version=counts["version"],
        total_projects=counts["total_projects"],
        total_images=counts["total_images"],
        total_segmented=counts["total_segmented"],
        total_objects=counts["total_objects"],
        recent_activity=RecentActivity(
            images_uploaded_today=counts["images_uploaded_today"],
            segmentations_completed_today=counts["segmentations_completed_today"],
            projects_created_this_week=counts["projects_created_this_week"],
        ),
        system_stats=SystemStats(
            queue_length=counts["queue_length"],
            processing_images=counts["processing_images"],
            avg_processing_time=counts["avg_processing_time"],
            workers_online=counts["workers_online"],
        ),
    )
