"""Why an image waits: its place in line, who could work on it, and for how long."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

from shared.database import dispatch_state
from shared.database.dashboards import WORKER_SECONDS
from shared.database.dispatching import USERS_IN_LINE
from shared.domain.line import INTERACTIVE, Before, Flying, InLine, Line
from shared.domain.runs import FailureCode

#: Runs that an estimate is made from: enough to be fair, few enough to be of today. One that was
#: answered from an earlier result says nothing of its engine.
SAMPLED_RUNS = 50

#: So far into each user's line every run is looked at; further back, runs are only counted.
LOOKED_AT = 50

# The rank of a run among its user's: each of the page is counted from its neighbour on the page,
# so that together they walk the user's part of the index once.
_ASKED = text(
    f"""
WITH asked AS (
    SELECT r.id, r.image_id, r.queue, r.user_id, r.engine, r.priority, r.seq, r.dispatched_at,
           r.retried_because, i.width::float8 * i.height / 1e6 AS megapixels,
           ceil(extract(epoch FROM greatest(r.not_before - now(), interval '0'))) AS pause_seconds,
           lag(r.priority) OVER line AS lag_priority, lag(r.seq) OVER line AS lag_seq
    FROM runs AS r JOIN images AS i ON i.id = r.image_id
    WHERE r.image_id = ANY(:image_ids) AND r.status = 'queued'
    WINDOW line AS (PARTITION BY r.queue, r.user_id, r.dispatched_at IS NULL
                    ORDER BY r.priority, r.seq)
),
online AS (
    SELECT queues, slots, engines FROM worker_heartbeats
    WHERE seen_at > now() - interval '{WORKER_SECONDS} seconds'
)
SELECT a.*, o.workers, o.slots, o.able, p.quick, p.slow,
       CASE WHEN a.dispatched_at IS NULL THEN sum(b.n) OVER (
           PARTITION BY a.queue, a.user_id, a.dispatched_at IS NULL ORDER BY a.priority, a.seq)
       END AS before
FROM asked AS a
CROSS JOIN LATERAL (
    SELECT count(*) AS n FROM runs AS r
    WHERE a.dispatched_at IS NULL AND r.queue = a.queue AND r.user_id = a.user_id
      AND r.status = 'queued' AND r.dispatched_at IS NULL
      AND (r.priority, r.seq) < (a.priority, a.seq)
      AND (r.priority, r.seq) >= (coalesce(a.lag_priority, -1), coalesce(a.lag_seq, -1))
) AS b
CROSS JOIN LATERAL (
    SELECT count(*) AS workers, coalesce(sum(slots), 0) AS slots,
           count(*) FILTER (WHERE a.engine = ANY(engines)) AS able
    FROM online WHERE a.queue = ANY(queues)
) AS o
LEFT JOIN (
    SELECT e.engine, percentile_cont(0.25) WITHIN GROUP (ORDER BY pace) AS quick,
           percentile_cont(0.9) WITHIN GROUP (ORDER BY pace) AS slow
    FROM (SELECT DISTINCT engine FROM asked) AS e
    CROSS JOIN LATERAL (
        SELECT r.duration_ms / 1000.0 / (i.width::float8 * i.height / 1e6) AS pace
        FROM (SELECT image_id, duration_ms FROM runs
              WHERE engine = e.engine AND status = 'succeeded' AND taken_from IS NULL AND NOT edited
              ORDER BY finished_at DESC LIMIT {SAMPLED_RUNS}) AS r
        JOIN images AS i ON i.id = r.image_id
    ) AS recent GROUP BY e.engine
) AS p ON p.engine = a.engine
"""  # noqa: S608 - the numbers are constants of this package
)

# Everybody in line, found by a loose scan as the dispatcher finds them, with no more of their
# runs counted than can come before those that are asked for.
_USERS = text(
    f"""
WITH RECURSIVE {USERS_IN_LINE}
SELECT u.user_id,
       CASE WHEN u.user_id IS DISTINCT FROM CAST(:ranked AS uuid) THEN (SELECT count(*) FROM (
           SELECT FROM runs WHERE queue = :queue AND user_id = u.user_id AND status = 'queued'
           AND dispatched_at IS NULL LIMIT :furthest) AS counted) ELSE 0 END AS waiting,
       (SELECT count(*) FROM (
           SELECT FROM runs WHERE queue = :queue AND user_id = u.user_id AND status = 'queued'
           AND dispatched_at IS NULL AND priority = 0 LIMIT :furthest) AS counted) AS urgent,
       heads.priorities, heads.seqs, sizes.megapixels
FROM users AS u
CROSS JOIN LATERAL (
    SELECT array_agg(priority ORDER BY priority, seq) AS priorities,
           array_agg(seq ORDER BY priority, seq) AS seqs
    FROM (SELECT priority, seq FROM runs
          WHERE queue = :queue AND user_id = u.user_id AND status = 'queued'
            AND dispatched_at IS NULL
          ORDER BY priority, seq LIMIT :looked_at) AS first
) AS heads
CROSS JOIN LATERAL (
    SELECT avg(i.width::float8 * i.height / 1e6) AS megapixels
    FROM (SELECT image_id FROM runs
          WHERE queue = :queue AND user_id = u.user_id AND status = 'queued'
            AND dispatched_at IS NULL
          ORDER BY priority, seq LIMIT 3) AS first
    JOIN images AS i ON i.id = first.image_id
) AS sizes
WHERE u.user_id IS NOT NULL
"""  # noqa: S608 - built from constants of this package
)

_IN_FLIGHT = text(
    """
SELECT id, user_id, priority, status FROM runs
WHERE queue = :queue AND status IN ('queued', 'running') AND dispatched_at IS NOT NULL
ORDER BY dispatched_at, priority, seq
"""
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a queued image stands in line, and what stands in its way."""

    position: int  #: 1 is next.
    people: int  #: Whose images are before it.
    workers: int  #: Workers online that read its queue.
    able: int  #: Those of them that have its engine.
    slots: int  #: Images that these work on at a time.
    dispatched: bool  #: It is in the window already: the next free worker takes it.
    led: bool  #: A scheduler is at work.
    broker_failed_since: datetime | None
    pause_seconds: int  #: Until the next attempt may begin.
    retried_because: FailureCode | None
    megapixels: float
    megapixels_before: float  #: Of all that is before it, about.
    quick: float | None  #: Seconds a megapixel that a quick run of the engine took lately.
    slow: float | None


def places(
    connection: Connection, image_ids: list[UUID], *, looked_at: int = LOOKED_AT
) -> dict[UUID, Place]:
    """Return the places of those of the images that are queued."""
    if not image_ids:
        return {}
    asked = connection.execute(_ASKED, {"image_ids": image_ids}).all()
    found: dict[UUID, Place] = {}
    for queue in {row.queue for row in asked}:
        of_queue = [row for row in asked if row.queue == queue]
        found |= _in_queue(connection, queue, of_queue, looked_at)
    return found


def _in_queue(
    connection: Connection, queue: str, asked: Sequence[Row[Any]], looked_at: int
) -> dict[UUID, Place]:
    in_flight = connection.execute(_IN_FLIGHT, {"queue": queue}).all()
    sent = [row for row in in_flight if row.status == "queued"]
    flying = _flying(in_flight)
    # Nobody's run further back in their own line can come before the last of the page.
    furthest = max(int(row.before or 0) + 1 for row in asked) + max(
        (each.all for each in flying.values()), default=0
    )
    askers = {row.user_id for row in asked}
    values = {
        "queue": queue,
        "furthest": furthest,
        "looked_at": looked_at,
        # Whose runs are ranked already, and need no second count.
        "ranked": next(iter(askers)) if len(askers) == 1 else None,
    }
    line = Line(_users(connection, values), flying, [row.user_id for row in sent], looked_at)
    numbers = {row.id: number for number, row in enumerate(sent)}
    way = _Way(dispatch_state.is_led(connection), dispatch_state.broker_failed_since(connection))
    return {row.image_id: _place(row, _before(row, line, numbers), line, way) for row in asked}


@dataclass(frozen=True, slots=True)
class _Way:
    led: bool
    broker_failed_since: datetime | None


def _users(connection: Connection, values: Mapping[str, Any]) -> dict[UUID, InLine]:
    return {
        row.user_id: InLine(
            waiting=row.waiting,
            interactive=row.urgent,
            first=list(zip(row.priorities or (), row.seqs or (), strict=True)),
            megapixels=float(row.megapixels or 0),
        )
        for row in connection.execute(_USERS, values)
    }


def _flying(in_flight: Sequence[Row[Any]]) -> dict[UUID, Flying]:
    everything = Counter(row.user_id for row in in_flight)
    interactive = Counter(row.user_id for row in in_flight if row.priority == INTERACTIVE)
    return {user: Flying(count, interactive[user]) for user, count in everything.items()}


def _before(row: Row[Any], line: Line, numbers: Mapping[UUID, int]) -> Before:
    if row.dispatched_at is None:
        return line.before(row.user_id, int(row.before), row.priority, row.seq)
    number = numbers.get(row.id, 0)
    return Before(number, len(set(line.sent[:number])))


def _place(row: Row[Any], before: Before, line: Line, way: _Way) -> Place:
    cause = row.retried_because
    return Place(
        position=before.images + 1,
        people=before.people,
        workers=int(row.workers),
        able=int(row.able),
        slots=int(row.slots),
        dispatched=row.dispatched_at is not None,
        led=way.led,
        broker_failed_since=way.broker_failed_since,
        pause_seconds=int(row.pause_seconds),
        retried_because=None if cause is None else FailureCode(cause),
        megapixels=row.megapixels,
        megapixels_before=before.images * (line.megapixels or row.megapixels),
        quick=row.quick,
        slow=row.slow,
    )
