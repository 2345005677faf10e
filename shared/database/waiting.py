"""Why an image waits: its place in line, who could work on it, and for how long."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.engine import RowMapping

from shared.database.dashboards import WORKER_SECONDS

#: Runs that an estimate is made from: enough to be fair, few enough to be of today.
SAMPLED_RUNS = 50

# The line as the dispatcher forms it: what is dispatched first, then round robin over users,
# of each user the urgent and then the old first, counting what they have in flight already.
_WAITING = text(
    f"""
WITH asked AS (
    SELECT id, image_id, queue, user_id, engine, not_before, dispatched_at
    FROM runs WHERE image_id = ANY(:image_ids) AND status = 'queued'
),
flying AS (
    SELECT queue, user_id, count(*) AS n FROM runs
    WHERE status IN ('queued', 'running') AND dispatched_at IS NOT NULL
      AND queue IN (SELECT queue FROM asked)
    GROUP BY queue, user_id
),
placed AS (
    SELECT r.id, r.queue, r.dispatched_at, r.priority, r.seq,
           coalesce(f.n, 0) + row_number() OVER (
               PARTITION BY r.queue, r.user_id ORDER BY r.priority, r.seq) AS place
    FROM runs AS r LEFT JOIN flying AS f USING (queue, user_id)
    WHERE r.status = 'queued' AND r.queue IN (SELECT queue FROM asked)
),
line AS (
    SELECT id, row_number() OVER (
        PARTITION BY queue ORDER BY dispatched_at NULLS LAST, place, priority, seq) AS position
    FROM placed
),
online AS (
    SELECT q AS queue, count(*) AS workers, sum(slots) AS slots
    FROM worker_heartbeats, unnest(queues) AS q
    WHERE seen_at > now() - interval '{WORKER_SECONDS} seconds' GROUP BY q
)
SELECT a.image_id, l.position, a.dispatched_at IS NOT NULL AS dispatched,
       coalesce(o.workers, 0) AS workers, coalesce(o.slots, 0) AS slots,
       ceil(extract(epoch FROM greatest(a.not_before - now(), interval '0'))) AS pause_seconds,
       p.quick, p.slow
FROM asked AS a
JOIN line AS l USING (id)
LEFT JOIN online AS o USING (queue)
CROSS JOIN LATERAL (
    SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY duration_ms) / 1000 AS quick,
           percentile_cont(0.9) WITHIN GROUP (ORDER BY duration_ms) / 1000 AS slow
    FROM (SELECT duration_ms FROM runs
          WHERE user_id = a.user_id AND engine = a.engine AND status = 'succeeded'
          ORDER BY finished_at DESC LIMIT {SAMPLED_RUNS}) AS recent
) AS p
"""  # noqa: S608 - the numbers are constants of this package
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a queued image stands in line."""

    position: int  #: 1 is next.
    workers: int  #: Workers online that read its queue.
    slots: int  #: Images that these work on at a time.
    dispatched: bool  #: It is in the window already: the next free worker takes it.
    pause_seconds: int  #: Until the next attempt may begin.
    quick: float | None  #: Seconds that a quick run of the same engine took lately.
    slow: float | None


def places(connection: Connection, image_ids: list[UUID]) -> dict[UUID, Place]:
    """Return the places of those of the images that are queued."""
    if not image_ids:
        return {}
    rows = connection.execute(_WAITING, {"image_ids": image_ids}).mappings()
    return {row["image_id"]: _place(row) for row in rows}


def _place(row: RowMapping) -> Place:
    return Place(
        position=int(row["position"]),
        workers=int(row["workers"]),
        slots=int(row["slots"]),
        dispatched=row["dispatched"],
        pause_seconds=int(row["pause_seconds"]),
        quick=None if row["quick"] is None else float(row["quick"]),
        slow=None if row["slow"] is None else float(row["slow"]),
    )
