"""Which waiting runs are sent to the broker next, and which of those sent were lost."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, TextClause, text

from shared.database.dashboards import WORKER_SECONDS
from shared.domain.runs import DispatchedRun

#: Everybody who has a run waiting, and a NULL at the end: a loose scan of the partial index.
USERS_IN_LINE = """users AS (
    (SELECT user_id FROM runs
     WHERE queue = :queue AND status = 'queued' AND dispatched_at IS NULL
     ORDER BY user_id LIMIT 1)
    UNION ALL
    SELECT (SELECT user_id FROM runs
            WHERE queue = :queue AND status = 'queued' AND dispatched_at IS NULL
              AND user_id > u.user_id
            ORDER BY user_id LIMIT 1)
    FROM users AS u WHERE u.user_id IS NOT NULL
)"""

# What is sent next; see `choosing`. What somebody else is changing is passed over.
_CHOOSE = """
WITH RECURSIVE {users},
flying AS (
    SELECT user_id, count(*) AS n, count(*) FILTER (WHERE priority = 0) AS interactive FROM runs
    WHERE queue = :queue AND status IN ('queued', 'running') AND dispatched_at IS NOT NULL
    GROUP BY user_id
),
shares AS (
    SELECT u.user_id, coalesce(f.n, 0) AS n, coalesce(f.interactive, 0) AS interactive,
           CASE WHEN :fairly
                THEN ceil((sum(coalesce(f.n, 0)) OVER () + :free) / count(*) OVER ())
                ELSE coalesce(f.n, 0) + :free END AS fair
    FROM users AS u LEFT JOIN flying AS f USING (user_id) WHERE u.user_id IS NOT NULL
),
next AS (
    SELECT r.id, r.place, r.priority, r.seq
    FROM shares AS s
    CROSS JOIN LATERAL (
        SELECT id, priority, seq, row_number() OVER (ORDER BY {order})
               + CASE WHEN priority = 0 THEN s.interactive ELSE s.n END AS place
        FROM ({candidates}) AS candidates
    ) AS r
    WHERE r.place <= s.fair
    ORDER BY place, r.priority, r.seq LIMIT :free
)
SELECT r.id, r.queue, r.soft_seconds, r.hard_seconds
FROM next JOIN runs AS r USING (id)
WHERE r.status = 'queued' AND r.dispatched_at IS NULL
ORDER BY next.place, next.priority, next.seq
FOR UPDATE OF r SKIP LOCKED
"""

_WAITING = """queue = :queue AND status = 'queued' AND dispatched_at IS NULL
                AND user_id = s.user_id AND not_before <= now()"""

_URGENT = f"""SELECT id, priority, seq FROM runs
               WHERE {_WAITING}
               ORDER BY priority, seq LIMIT greatest(s.fair - s.interactive, 0)"""  # noqa: S608

# The oldest is looked at whether or not it is old enough: to search for one that is would read
# all that is not.
_OLDEST = f"""SELECT id, priority, seq, true AS oldest
              FROM (SELECT id, priority, seq, created_at FROM runs
                    WHERE {_WAITING} ORDER BY seq LIMIT 1) AS first
              WHERE priority > 0 AND created_at < now() - :ageing"""  # noqa: S608

_AGED = f"""SELECT id, priority, seq, bool_or(oldest) AS oldest
            FROM ({_OLDEST} UNION ALL SELECT *, false FROM ({_URGENT}) AS urgent) AS both_of_them
            GROUP BY id, priority, seq"""  # noqa: S608


def choosing(*, oldest_first: bool) -> TextClause:
    """Return the statement that chooses the next runs and locks them.

    Round robin over users: of each their most urgent and then their oldest, counting what they
    have in flight already. Nobody gets more than a fair share of the window at once; what others
    leave of theirs goes to those who have more in the next call. Of interactive runs only those
    in flight count against another one, so that somebody with thousands waiting may look at one
    image meanwhile. When the *oldest* goes *first*, it goes before the same user's more urgent
    ones, if it has waited for long.

    The users come from a loose scan of the partial index, so that the cost follows the number of
    users and free places, not of waiting runs.
    """
    if oldest_first:
        return text(
            _CHOOSE.format(
                users=USERS_IN_LINE,
                candidates=_AGED,
                order="priority > 0, oldest DESC, priority, seq",
            )
        )
    return text(_CHOOSE.format(users=USERS_IN_LINE, candidates=_URGENT, order="priority, seq"))


_NEXT = {oldest_first: choosing(oldest_first=oldest_first) for oldest_first in (False, True)}

# Their times tell the order in which they are sent.
_MARK = text(
    """
UPDATE runs SET dispatched_at = statement_timestamp() + sent.place * interval '1 microsecond'
FROM unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS sent (id, place)
WHERE runs.id = sent.id
"""
)

#: A run that has waited for so long may go before more urgent ones of the same user.
AGEING = timedelta(minutes=10)

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

# A message may lie with a worker that is gone, and the broker waits for it for 22 minutes.
# Once a later one was claimed a while ago, it does not come any more.
_UNCLAIMED = text(
    """
SELECT r.id, r.queue,
       r.dispatched_at < clock_timestamp() - interval '15 minutes' OR EXISTS (
           SELECT FROM runs AS later
           WHERE later.queue = r.queue AND later.dispatched_at > r.dispatched_at
             AND later.started_at > r.dispatched_at
             AND later.started_at < clock_timestamp() - interval '30 seconds'
       ) AS overdue,
       extract(epoch FROM clock_timestamp() - r.dispatched_at) AS seconds
FROM runs AS r
WHERE r.status = 'queued'
  AND r.dispatched_at < clock_timestamp() - make_interval(secs => :seconds)
"""
)


@dataclass(frozen=True, slots=True)
class UnclaimedRun:
    """A run that was sent and not claimed; *overdue* when its message cannot come any more."""

    id: UUID
    queue: str
    overdue: bool
    seconds: float  #: Since it was sent.


def free_places(connection: Connection) -> dict[str, int]:
    """Return, for each queue that has runs waiting and workers online, its free places."""
    return {row.queue: int(row.free) for row in connection.execute(_WINDOW)}


def take_next(
    connection: Connection, queue: str, free: int, *, oldest_first: bool = False
) -> list[DispatchedRun]:
    """Mark the next *free* runs of the queue as dispatched and return them in their order."""
    taken: list[DispatchedRun] = []
    fairly = True
    while (left := free - len(taken)) > 0:
        more = choose_next(connection, queue, left, oldest_first=oldest_first, fairly=fairly)
        if not more and not fairly:
            break
        # Whoever waits and may not begin yet has a share too: others may have it meanwhile.
        fairly = bool(more)
        connection.execute(_MARK, {"ids": [run.run_id for run in more]})
        taken += more
    return taken


def choose_next(
    connection: Connection,
    queue: str,
    free: int,
    *,
    oldest_first: bool = False,
    fairly: bool = True,
) -> list[DispatchedRun]:
    """Lock the next runs for *free* places and return them; *fairly*, none beyond a share."""
    values: dict[str, Any] = {"queue": queue, "free": free, "fairly": fairly}
    if oldest_first:
        values["ageing"] = AGEING
    rows = connection.execute(_NEXT[oldest_first], values)
    return [DispatchedRun(row.id, row.queue, row.soft_seconds, row.hard_seconds) for row in rows]


def forget_dispatch(connection: Connection, run_ids: list[UUID]) -> int:
    """Let the runs be dispatched again; those claimed meanwhile stay as they are."""
    return len(connection.execute(_FORGET, {"ids": run_ids}).all())


def unclaimed(connection: Connection, *, seconds: float) -> list[UnclaimedRun]:
    """Return the runs sent more than *seconds* ago that nobody claimed."""
    rows = connection.execute(_UNCLAIMED, {"seconds": seconds})
    return [UnclaimedRun(row.id, row.queue, row.overdue, float(row.seconds)) for row in rows]
