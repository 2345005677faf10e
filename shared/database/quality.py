"""What is usual in a project, and the order that puts what is not first."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from shared.database.paging import Order
from shared.domain.quality import (
    BORDER_LIMIT,
    SATURATED_LIMIT,
    Norm,
    Spread,
    norm_of,
)

#: So many of the newest images with a result say what is usual: the cost of a list stays bounded.
NEWEST = 1_000

_FOCUS = "CAST({image}.quality->>'focus' AS float8)"

# Sharpness is a ratio, so its logarithm is compared.
_SPREADS = text(
    f"""
WITH newest AS (
    SELECT p.id AS project_id, CAST(i.object_count AS float8) AS count, ln(i.focus) AS focus
    FROM unnest(CAST(:project_ids AS uuid[])) AS p (id) CROSS JOIN LATERAL (
        SELECT n.object_count, nullif({_FOCUS.format(image="n")}, 0) AS focus FROM images AS n
        WHERE n.project_id = p.id AND n.object_count IS NOT NULL
        ORDER BY n.created_at DESC, n.id DESC LIMIT {NEWEST}
    ) AS i
),
middle AS (
    SELECT project_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY count) AS count,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY focus) AS focus
    FROM newest GROUP BY project_id
),
away AS (
    SELECT n.project_id, m.count AS count_median, m.focus AS focus_median,
           abs(n.count - m.count) AS count, abs(n.focus - m.focus) AS focus
    FROM newest AS n JOIN middle AS m USING (project_id)
)
SELECT project_id, count(count) AS counts, count(focus) AS foci, count_median, focus_median,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY count) AS count_mad, avg(count) AS count_mean,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY focus) AS focus_mad, avg(focus) AS focus_mean
FROM away GROUP BY project_id, count_median, focus_median
"""  # noqa: S608 - built from constants of this module
)


def norms(connection: Connection, project_ids: Sequence[UUID]) -> dict[UUID, Norm]:
    """Return what is usual in each project that has results."""
    rows = connection.execute(_SPREADS, {"project_ids": list(project_ids)})
    return {
        row.project_id: norm_of(
            Spread(row.counts, row.count_median, row.count_mad, row.count_mean),
            Spread(row.foci, row.focus_median or 0, row.focus_mad or 0, row.focus_mean or 0),
        )
        for row in rows
    }


def _beyond(value: str, limit: str) -> str:
    """Return the weight of a flag in SQL, as `shared.domain.quality.weight` has it; else 0."""
    return f"CASE WHEN {value} > {limit} THEN 2 - {limit} / {value} ELSE 0 END"


_SHARE = "CAST(i.quality->>'{name}' AS float8)"
_SHARPNESS = _FOCUS.format(image="i")
_TERMS = (
    "CASE WHEN i.object_count = 0 THEN CAST(2 AS float8) ELSE 0 END",
    _beyond(
        "abs(i.object_count - CAST(:usual_count AS float8))", "CAST(:far_from_usual AS float8)"
    ),
    _beyond(_SHARE.format(name="borderShare"), str(BORDER_LIMIT)),
    _beyond(_SHARE.format(name="saturatedShare"), str(SATURATED_LIMIT)),
    f"CASE WHEN {_SHARPNESS} < CAST(:least_focus AS float8)"
    f" THEN 2 - {_SHARPNESS} / CAST(:least_focus AS float8) ELSE 0 END",
)
#: `suspicion_of` in SQL; -1 of an image without a result.
_SUSPICION = f"CASE WHEN i.object_count IS NULL THEN -1 ELSE {' + '.join(_TERMS)} END"

#: The words of `?sort=`: the most suspicious first; with a minus, last.
ORDERS = {
    "suspicion": Order(_SUSPICION, "float8", descending=True),
    "-suspicion": Order(_SUSPICION, "float8"),
}


def sorting(connection: Connection, project_id: UUID, order: Order) -> dict[str, Any]:
    """Return the parameters that *order* needs to be one of the project's."""
    if order not in ORDERS.values():
        return {}
    norm = norms(connection, [project_id]).get(project_id, Norm())
    return {
        "usual_count": norm.count,
        "far_from_usual": norm.far,
        "least_focus": norm.least_focus,
    }
