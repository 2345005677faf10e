"""The runs of an image, and the result that is shown."""

from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.engine import RowMapping

from shared.database.paging import Cut, Order, Page, cut_clauses, page_of

#: Newest first.
NEWEST = Order("r.seq", "bigint", descending=True)

# Where a result was taken from is told of runs of the same project alone: whoever sees this one
# need not see another project of its owner's.
_TOLD = """
SELECT r.*, r.seq AS sort_key, r.id = i.current_run_id AS current, u.name AS requested_by,
       i.sha256 AS input_sha256, i.page AS input_page, e.described AS computed_with,
       source.id AS source_run_id
FROM runs AS r JOIN images AS i ON i.id = r.image_id
LEFT JOIN users AS u ON u.id = r.user_id
LEFT JOIN environments AS e ON e.digest = r.environment
LEFT JOIN runs AS source ON source.id = r.taken_from AND source.project_id = r.project_id
"""

_RUNS = f"{_TOLD} WHERE r.image_id = :image_id AND {{condition}} {{tail}}"

_ONE_TOLD = text(f"{_TOLD} WHERE r.id = :run_id")

_RUN = text("SELECT r.* FROM runs AS r WHERE r.id = :run_id")

# No result ever changes: its number among those of its image names it. Runs of before these
# numbers are counted.
VERSION = """coalesce(r.version, (SELECT count(*) FROM runs AS s WHERE s.image_id = r.image_id
                      AND s.status = 'succeeded' AND s.seq <= r.seq))"""

_RESULT = text(
    f"""
SELECT r.id, r.project_id, r.engine, r.engine_version, r.params, r.choice, r.result_path,
       r.object_count, r.finished_at, r.edited, r.edits, u.name AS requested_by,
       {VERSION} AS version
FROM images AS i JOIN runs AS r ON r.id = i.current_run_id
LEFT JOIN users AS u ON u.id = r.user_id
WHERE i.id = :image_id
"""  # noqa: S608 - built from a constant of this module
)


def list_runs(connection: Connection, image_id: UUID, cut: Cut) -> Page:
    """Return one page of the image's runs."""
    condition, tail, parameters = cut_clauses(cut, "r.id")
    statement = text(_RUNS.format(condition=condition, tail=tail))
    rows = connection.execute(statement, parameters | {"image_id": image_id}).mappings().all()
    return page_of(rows, cut.limit)


def run(connection: Connection, run_id: UUID) -> RowMapping | None:
    """Return the run; None when there is none, or its image is gone."""
    return connection.execute(_RUN, {"run_id": run_id}).mappings().first()


def told_run(connection: Connection, run_id: UUID) -> RowMapping | None:
    """Return the run as the history tells it; None when there is none."""
    return connection.execute(_ONE_TOLD, {"run_id": run_id}).mappings().first()


def current_result(connection: Connection, image_id: UUID) -> RowMapping | None:
    """Return the run whose result is shown; None when there is none yet."""
    return connection.execute(_RESULT, {"image_id": image_id}).mappings().first()
