"""How much was uploaded and segmented lately, from the acts that the tally stored (rules.md 9)."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from shared.domain.throughput import Span, Throughput, ThroughputPoint

#: The same minutes for everybody: bins are counted from here.
_ORIGIN = "timestamptz '2000-01-01 00:00Z'"

# Buckets of a minute and what is not folded into them yet; of a week that is 20,160 rows at most,
# the week before it included, however many images there were.
_ACTS = text(
    f"""
WITH frame AS (SELECT date_bin(:step, now(), {_ORIGIN}) + CAST(:step AS interval) AS ends),
acts AS (
    SELECT starts_at AS at, uploads, completions, run_ms FROM activity_buckets
    WHERE user_id = :user_id AND starts_at >= (SELECT ends FROM frame) - CAST(:reach AS interval)
    UNION ALL
    SELECT at, uploads, completions, run_ms FROM stats_deltas
    WHERE project_id IN (SELECT id FROM projects WHERE owner_id = :user_id AND NOT deleting)
      AND (uploads > 0 OR completions > 0)
),
binned AS (
    SELECT date_bin(:step, at, {_ORIGIN}) AS at, sum(uploads)::bigint AS uploads,
           sum(completions)::bigint AS completions, sum(run_ms)::bigint AS run_ms
    FROM acts GROUP BY 1
)
SELECT frame.ends, binned.* FROM frame
LEFT JOIN binned ON binned.at >= frame.ends - CAST(:reach AS interval)
ORDER BY binned.at
"""  # noqa: S608 - the moment is a constant of this module
)


def read_throughput(connection: Connection, user_id: UUID, span: Span) -> Throughput:
    """Return what the user's own projects did in *span*, and in as long a time before it."""
    values = {"user_id": user_id, "step": span.step, "reach": 2 * span.length}
    rows = connection.execute(_ACTS, values).all()
    ends = rows[0].ends
    known = {row.at: row for row in rows if row.at is not None}
    steps = span.length // span.step

    def point(number: int) -> ThroughputPoint:
        at = ends - number * span.step
        found = known.get(at)
        if found is None:
            return ThroughputPoint(at=at, uploaded=0, segmented=0, run_ms=0)
        return ThroughputPoint(
            at=at,
            uploaded=found.uploads,
            segmented=found.completions,
            run_ms=found.run_ms,
        )

    points = [point(number) for number in range(2 * steps, 0, -1)]
    return Throughput(
        span=span,
        step_seconds=span.step // timedelta(seconds=1),
        points=points[steps:],
        before=points[:steps],
    )
