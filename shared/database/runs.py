"""Questions about runs, and the statements that queue and dispatch them."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, TextClause, text

from shared.database.dashboards import WORKER_SECONDS
from shared.database.moves import told
from shared.domain.engines import EngineSpec
from shared.domain.runs import MAX_ATTEMPTS, DispatchedRun

#: The images a request may name by a word; `:ids` names them one by one.
SELECTIONS = {
    "unprocessed": "i.status = 'uploaded'",
    "failed": "i.status = 'failed'",
    "failed_because": "i.status = 'failed' AND i.last_error_code = :failure_code",
    "all": "true",
    "ids": "i.id = ANY(:ids)",
}

#: Not answered already: the current result has another engine, version or parameters.
_UNANSWERED = """(:force OR NOT EXISTS (
    SELECT FROM runs AS c WHERE c.id = i.current_run_id AND c.engine = :engine
    AND c.engine_version = :engine_version AND c.params = CAST(:params AS jsonb)))"""


#: What each of the images `locked` is segmented with: the same for all.
_ASKED = """
SELECT l.id, l.project_id, CAST(:engine AS text) AS engine,
       CAST(:engine_version AS text) AS engine_version, CAST(:params AS jsonb) AS params,
       CAST(:queue AS text) AS queue, CAST(:soft_seconds AS int) AS soft_seconds,
       CAST(:hard_seconds AS int) AS hard_seconds
FROM locked AS l
"""


def queueing(selection: str, asked: str = _ASKED, unanswered: str = _UNANSWERED) -> TextClause:
    """Return the statement that queues a run for each image of *selection* that needs one.

    *asked* selects what it is segmented with, and *unanswered* which of the images need it.
    """
    chosen = SELECTIONS[selection]
    return text(
        f"""
WITH locked AS (
    SELECT i.id, i.project_id FROM images AS i
    WHERE i.project_id = :project_id AND {chosen}
      AND i.status NOT IN ('queued', 'processing') AND {unanswered}
    ORDER BY i.id FOR UPDATE
),
asked AS ({asked}),
queued AS (
    INSERT INTO runs (image_id, project_id, user_id, batch_id, engine, engine_version, params,
                      queue, soft_seconds, hard_seconds, priority, max_attempts)
    SELECT id, project_id, :user_id, :batch_id, engine, engine_version, params,
           queue, soft_seconds, hard_seconds, :priority, {MAX_ATTEMPTS}
    FROM asked ORDER BY id
    RETURNING image_id
),
moved AS (
    UPDATE images AS i
    SET status = 'queued', status_version = i.status_version + 1,
        last_error_code = NULL, last_error_detail = NULL
    FROM queued WHERE i.id = queued.image_id
    RETURNING i.*
),
told AS ({told("moved")})
SELECT (SELECT count(*) FROM queued) AS queued,
       (SELECT count(*) FROM images AS i WHERE i.project_id = :project_id AND {chosen}) AS chosen
"""  # noqa: S608 - the selections are constants of this module
    )


# Round robin over users, for each user their most urgent and then their oldest. The users come
# from a loose scan of the partial index, so that the cost follows the number of users and free
# places, not of waiting runs. A user's place in line counts what they have in flight already.
_NEXT = text(
    """
WITH RECURSIVE users AS (
    (SELECT user_id FROM runs
     WHERE queue = :queue AND status = 'queued' AND dispatched_at IS NULL
     ORDER BY user_id LIMIT 1)
    UNION ALL
    SELECT (SELECT user_id FROM runs
            WHERE queue = :queue AND status = 'queued' AND dispatched_at IS NULL
              AND user_id > u.user_id
            ORDER BY user_id LIMIT 1)
    FROM users AS u WHERE u.user_id IS NOT NULL
),
flying AS (
    SELECT user_id, count(*) AS n FROM runs
    WHERE queue = :queue AND status IN ('queued', 'running') AND dispatched_at IS NOT NULL
    GROUP BY user_id
),
next AS (
    SELECT r.id, coalesce(f.n, 0) + r.place AS place, r.priority, r.seq
    FROM users AS u
    LEFT JOIN flying AS f USING (user_id)
    CROSS JOIN LATERAL (
        SELECT id, priority, seq, row_number() OVER (ORDER BY priority, seq) AS place
        FROM (SELECT id, priority, seq FROM runs
              WHERE queue = :queue AND status = 'queued' AND dispatched_at IS NULL
                AND user_id = u.user_id AND not_before <= now()
              ORDER BY priority, seq LIMIT :free) AS first
    ) AS r
    ORDER BY place, r.priority, r.seq LIMIT :free
)
UPDATE runs AS r SET dispatched_at = clock_timestamp()
FROM next WHERE r.id = next.id AND r.status = 'queued' AND r.dispatched_at IS NULL
RETURNING r.id, r.queue, r.soft_seconds, r.hard_seconds, next.place, r.seq
"""
)

# Whether anything waits is asked in the order of the partial index: for EXISTS alone the table
# would be read from its beginning, where the oldest and long finished runs are.
_WINDOW = text(
    f"""
WITH slots AS (
    SELECT q AS queue, sum(slots) AS n FROM worker_heartbeats, unnest(queues) AS q
    WHERE seen_at > now() - interval '{WORKER_SECONDS} seconds' AND q LIKE 'segment.%' GROUP BY q
),
flying AS (
    SELECT queue, count(*) AS n FROM runs
    WHERE status IN ('queued', 'running') AND dispatched_at IS NOT NULL GROUP BY queue
)
SELECT s.queue, 2 * s.n - coalesce(f.n, 0) AS free
FROM slots AS s LEFT JOIN flying AS f USING (queue)
WHERE (SELECT user_id FROM runs
       WHERE queue = s.queue AND status = 'queued' AND dispatched_at IS NULL
       ORDER BY user_id LIMIT 1) IS NOT NULL
"""  # noqa: S608 - the number is a constant of this package
)

_FORGET = text(
    """
UPDATE runs SET dispatched_at = NULL
WHERE id = ANY(:ids) AND status = 'queued' AND dispatched_at IS NOT NULL RETURNING id
"""
)

# A message may lie with a worker that is gone, and the broker waits for it for a quarter of an
# hour. Once a later one was claimed a while ago, it does not come any more.
_UNCLAIMED = text(
    """
SELECT r.id, r.queue,
       r.dispatched_at < clock_timestamp() - interval '15 minutes' OR EXISTS (
           SELECT FROM runs AS later
           WHERE later.queue = r.queue AND later.dispatched_at > r.dispatched_at
             AND later.started_at > r.dispatched_at
             AND later.started_at < clock_timestamp() - interval '30 seconds'
       ) AS overdue
FROM runs AS r
WHERE r.status = 'queued'
  AND r.dispatched_at < clock_timestamp() - make_interval(secs => :seconds)
"""
)

_WAKE = text("NOTIFY celltally_dispatch")


@dataclass(frozen=True, slots=True)
class Queued:
    """How many runs a request made, of how many images it named."""

    queued: int
    chosen: int


@dataclass(frozen=True, slots=True)
class UnclaimedRun:
    """A run that was sent and not claimed; *overdue* when its message cannot come any more."""

    id: UUID
    queue: str
    overdue: bool


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What is asked for each chosen image."""

    project_id: UUID
    user_id: UUID
    batch_id: UUID
    engine: EngineSpec
    params: dict[str, Any]
    priority: int
    force: bool
    failure_code: str | None = None


def insert_runs(
    connection: Connection, request: RunRequest, selection: str, ids: list[UUID] | None = None
) -> Queued:
    """Queue a run for each chosen image that has none active and, unless forced, no such result."""
    values = {
        "project_id": request.project_id,
        "user_id": request.user_id,
        "batch_id": request.batch_id,
        "engine": request.engine.name,
        "engine_version": request.engine.version,
        "params": json.dumps(request.params),
        "queue": request.engine.queue.celery_queue,
        "soft_seconds": request.engine.limits.soft_seconds,
        "hard_seconds": request.engine.limits.hard_seconds,
        "priority": request.priority,
        "force": request.force,
        "failure_code": request.failure_code,
    }
    if selection == "ids":
        values["ids"] = ids or []
    row = connection.execute(queueing(selection), values).one()
    return Queued(queued=row.queued, chosen=row.chosen)


def free_places(connection: Connection) -> dict[str, int]:
    """Return, for each queue that has runs waiting and workers online, its free places."""
    return {row.queue: int(row.free) for row in connection.execute(_WINDOW)}


def take_next(connection: Connection, queue: str, free: int) -> list[DispatchedRun]:
    """Mark the next *free* runs of the queue as dispatched and return them in their order."""
    rows = connection.execute(_NEXT, {"queue": queue, "free": free}).all()
    ordered = sorted(rows, key=lambda row: (row.place, row.seq))
    return [DispatchedRun(row.id, row.queue, row.soft_seconds, row.hard_seconds) for row in ordered]


def forget_dispatch(connection: Connection, run_ids: list[UUID]) -> int:
    """Let the runs be dispatched again; those claimed meanwhile stay as they are."""
    return len(connection.execute(_FORGET, {"ids": run_ids}).all())


def unclaimed(connection: Connection, *, seconds: float) -> list[UnclaimedRun]:
    """Return the runs sent more than *seconds* ago that nobody claimed."""
    rows = connection.execute(_UNCLAIMED, {"seconds": seconds})
    return [UnclaimedRun(row.id, row.queue, row.overdue) for row in rows]


def wake_scheduler(connection: Connection) -> None:
    """Wake the scheduler when this transaction commits: there is something to dispatch."""
    connection.execute(_WAKE)
