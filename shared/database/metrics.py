"""What is measured when a monitor asks: one statement each for the present, the day and checks."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from shared.database.dashboards import WORKER_SECONDS
from shared.domain.engines import EngineQueue
from shared.domain.exports import KEPT_DAYS

_QUEUES = {"queues": [queue.celery_queue for queue in EngineQueue]}

_BY_QUEUE = text(
    f"""
SELECT q.name AS queue,
       coalesce(r.waiting, 0) AS waiting, coalesce(r.running, 0) AS running,
       coalesce(r.oldest, 0) AS oldest, coalesce(w.workers, 0) AS workers,
       coalesce(w.slots, 0) AS slots
FROM unnest(CAST(:queues AS text[])) AS q (name)
LEFT JOIN (
    SELECT queue, count(*) FILTER (WHERE status = 'queued') AS waiting,
           count(*) FILTER (WHERE status = 'running') AS running,
           extract(epoch FROM now() - min(created_at) FILTER (WHERE status = 'queued')) AS oldest
    FROM runs WHERE status IN ('queued', 'running') GROUP BY queue
) AS r ON r.queue = q.name
LEFT JOIN (
    SELECT queue, count(*) AS workers, sum(slots) AS slots
    FROM worker_heartbeats, unnest(queues) AS queue
    WHERE seen_at > now() - interval '{WORKER_SECONDS} seconds' GROUP BY queue
) AS w ON w.queue = q.name
ORDER BY q.name
"""  # noqa: S608 - the number is a constant of this package
)

# Whatever ended within the day was claimed within it, or shortly before: that is indexed.
_RUNS = text(
    """
SELECT engine, status AS outcome, count(*) AS runs,
       coalesce(sum(duration_ms), 0) / 1000.0 AS seconds
FROM runs
WHERE queue = ANY(:queues) AND started_at > now() - interval '25 hours'
  AND finished_at > now() - interval '24 hours'
GROUP BY engine, status ORDER BY engine, status
"""
)

_EXPORTS = text(
    """
SELECT count(*) FILTER (WHERE status = 'queued') AS waiting,
       count(*) FILTER (WHERE status = 'running') AS running,
       coalesce(extract(epoch FROM now() - min(created_at) FILTER (WHERE status = 'queued')), 0)
           AS oldest
FROM exports WHERE status IN ('queued', 'running')
"""
)

# When one is forgotten follows from when it ended, and is indexed.
_ENDED_EXPORTS = text(
    f"""
SELECT status AS outcome, count(*) AS exports,
       coalesce(sum(extract(epoch FROM finished_at - started_at)), 0) AS seconds
FROM exports
WHERE expires_at > now() + interval '{KEPT_DAYS - 1} days'
  AND status NOT IN ('queued', 'running')
GROUP BY status ORDER BY status
"""  # noqa: S608 - the number is a constant of this package
)

_CHECKS = text(
    """
SELECT (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(at)), 0) FROM stats_deltas)
           AS oldest_delta,
       (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0) FROM outbox)
           AS oldest_outbox_row,
       d.repairs, d.drift, s.reconciled_at,
       (SELECT coalesce(extract(epoch FROM
                   now() - min(coalesce(s.reconciled_at, p.created_at))), 0)
        FROM projects AS p LEFT JOIN project_stats AS s ON s.project_id = p.id
        WHERE NOT p.deleting) AS unreconciled,
       a.audited_at, a.broken
FROM (SELECT count(*) AS repairs,
             coalesce(sum(total) FILTER (WHERE found_at > now() - interval '24 hours'), 0) AS drift
      FROM drift_found) AS d
CROSS JOIN (SELECT coalesce(extract(epoch FROM max(reconciled_at)), 0) AS reconciled_at
            FROM project_stats) AS s
LEFT JOIN (SELECT extract(epoch FROM finished_at) AS audited_at,
                  (SELECT count(*) FROM jsonb_object_keys(offenders)) AS broken
           FROM audits ORDER BY id DESC LIMIT 1) AS a ON true
"""
)


@dataclass(frozen=True, slots=True)
class QueueNow:
    """A queue of the workers at one moment."""

    queue: str
    waiting: int
    running: int
    oldest_seconds: float  #: Since the image that waits longest was asked for; 0 if none waits.
    workers: int
    slots: int


@dataclass(frozen=True, slots=True)
class DayOfRuns:
    """The runs of one engine with one outcome that ended within 24 hours."""

    engine: str
    outcome: str
    runs: int
    seconds: float  #: Their durations, summed; those that failed have none.


@dataclass(frozen=True, slots=True)
class ExportsNow:
    """The exports that are not finished, at one moment."""

    waiting: int
    running: int
    oldest_seconds: float  #: Since the one that waits longest was asked for; 0 if none waits.


@dataclass(frozen=True, slots=True)
class DayOfExports:
    """The exports with one outcome that ended within 24 hours and were not deleted since."""

    outcome: str
    exports: int
    seconds: float  #: From their last claim to their end, summed.


@dataclass(frozen=True, slots=True)
class Checks:
    """What is behind, and what reconcile and audit found."""

    oldest_delta_seconds: float
    oldest_outbox_row_seconds: float
    drift: int  #: Of 24 hours.
    drift_repairs: int  #: Ever.
    reconciled_at: float  #: Seconds since 1970; 0 for never.
    unreconciled_seconds: float  #: Since the project that waits longest was recounted.
    audited_at: float | None  #: None before the first audit.
    broken_invariants: int | None


def queues_now(connection: Connection) -> list[QueueNow]:
    """Return what waits and who works, for every queue there is."""
    return [
        QueueNow(r.queue, r.waiting, r.running, float(r.oldest), r.workers, r.slots)
        for r in connection.execute(_BY_QUEUE, _QUEUES)
    ]


def runs_of_the_day(connection: Connection) -> list[DayOfRuns]:
    """Return the runs that were claimed and ended within 24 hours."""
    return [
        DayOfRuns(row.engine, row.outcome, row.runs, float(row.seconds))
        for row in connection.execute(_RUNS, _QUEUES)
    ]


def exports_now(connection: Connection) -> ExportsNow:
    """Return how many exports wait and run."""
    row = connection.execute(_EXPORTS).one()
    return ExportsNow(row.waiting, row.running, float(row.oldest))


def exports_of_the_day(connection: Connection) -> list[DayOfExports]:
    """Return the exports that ended within 24 hours."""
    return [
        DayOfExports(row.outcome, row.exports, float(row.seconds))
        for row in connection.execute(_ENDED_EXPORTS)
    ]


def checks(connection: Connection) -> Checks:
    """Return how far behind the tally and the outbox are, and what the checks found."""
    row = connection.execute(_CHECKS).one()
    return Checks(
        oldest_delta_seconds=float(row.oldest_delta),
        oldest_outbox_row_seconds=float(row.oldest_outbox_row),
        drift=int(row.drift),
        drift_repairs=row.repairs,
        reconciled_at=float(row.reconciled_at),
        unreconciled_seconds=float(row.unreconciled),
        audited_at=None if row.audited_at is None else float(row.audited_at),
        broken_invariants=row.broken,
    )
