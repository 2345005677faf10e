"""`dispatch.query_100k`: choosing the next runs fairly among 100,000 that wait.

One user owns nine tenths of them, 49 others share the rest; 64 places are free. Both forms
choose and lock the same runs in a transaction that is rolled back, which is not timed; to mark them
as dispatched costs both the same, and is not in it.
"""

import time
from collections.abc import Callable, Iterator
from uuid import UUID

from sqlalchemy import Connection, text

from bench.measurement import Measurement
from bench.rounds import Scale, interleaved
from bench.rows import insert_images, insert_project, settle
from bench.servers import bench_servers
from shared.database import dispatching
from shared.database.engine import Database

NAMES = ("dispatch.query_100k",)

_WAITING = 100_000
_OTHERS = 49
_FREE = 64
_QUEUE = "segment.cpu"

_ENQUEUE = text(
    """
INSERT INTO runs (image_id, project_id, user_id, engine, engine_version, params, queue,
                  soft_seconds, hard_seconds, max_attempts)
SELECT id, project_id, CASE WHEN n % 10 > 0 THEN users[1] ELSE users[2 + n / 10 % :others] END,
       'none', '1', '{}', :queue, 120, 150, 3
FROM (SELECT id, project_id, row_number() OVER (ORDER BY id)::int AS n,
             ARRAY(SELECT gen_random_uuid() FROM generate_series(0, :others)) AS users
      FROM images WHERE project_id = :project_id) AS numbered
"""
)

# What most would write: rank everything that waits, then take the first of the ranking.
_WINDOW_FORM = text(
    """
WITH flying AS (
    SELECT user_id, count(*) AS n FROM runs
    WHERE queue = :queue AND status IN ('queued', 'running') AND dispatched_at IS NOT NULL
    GROUP BY user_id
),
ranked AS (
    SELECT id, user_id, priority, seq,
           row_number() OVER (PARTITION BY user_id ORDER BY priority, seq) AS place
    FROM runs
    WHERE queue = :queue AND status = 'queued' AND dispatched_at IS NULL AND not_before <= now()
),
next AS (
    SELECT r.id, coalesce(f.n, 0) + r.place AS place, r.priority, r.seq
    FROM ranked AS r LEFT JOIN flying AS f USING (user_id)
    ORDER BY coalesce(f.n, 0) + r.place, r.priority, r.seq LIMIT :free
)
SELECT r.id, r.queue, r.soft_seconds, r.hard_seconds
FROM next JOIN runs AS r USING (id)
WHERE r.status = 'queued' AND r.dispatched_at IS NULL
ORDER BY next.place, next.priority, next.seq
FOR UPDATE OF r SKIP LOCKED
"""
)


def run(scale: Scale) -> Iterator[Measurement]:
    """Measure both forms on the same rows."""
    with bench_servers() as bench:
        project_id, _ = insert_project(bench.database)
        insert_images(bench.database, project_id, scale.of(_WAITING), status="queued")
        _enqueue(bench.database, project_id)
        settle(bench.database, "runs")
        ours, window = interleaved(
            scale,
            lambda: _milliseconds(bench.database, 20, _choose),
            lambda: _milliseconds(bench.database, 3, _choose_by_window),
        )
    yield Measurement("dispatch.query_100k", ours, "ms", "window-function form", window)


def _enqueue(database: Database, project_id: UUID) -> None:
    values = {"project_id": project_id, "others": _OTHERS, "queue": _QUEUE}
    database.transact(lambda tx: tx.execute(_ENQUEUE, values))


def _choose(connection: Connection) -> int:
    return len(dispatching.choose_next(connection, _QUEUE, _FREE))


def _choose_by_window(connection: Connection) -> int:
    return len(connection.execute(_WINDOW_FORM, {"queue": _QUEUE, "free": _FREE}).all())


def _milliseconds(database: Database, times: int, choose: Callable[[Connection], int]) -> float:
    spent = 0.0
    for _ in range(times):
        with database.engine.connect() as connection, connection.begin() as transaction:
            connection.exec_driver_sql("SELECT 1")  # The transaction has begun when we time.
            began = time.perf_counter()
            chosen = choose(connection)
            spent += time.perf_counter() - began
            transaction.rollback()
        assert chosen == _FREE, f"{chosen} runs were chosen for {_FREE} places"
    return 1000 * spent / times
