"""The runs of an image, and the result that is shown."""

from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.engine import RowMapping

from shared.database.paging import Cut, Order, Page, cut_clauses, page_of

#: Newest first.
NEWEST = Order("r.seq", "bigint", descending=True)

_RUNS = """
SELECT r.*, r.seq AS sort_key, r.id = i.current_run_id AS current, u.name AS requested_by
FROM runs AS r JOIN images AS i ON i.id = r.image_id LEFT JOIN users AS u ON u.id = r.user_id
WHERE r.image_id = :image_id AND {condition} {tail}
"""

_RUN = text("SELECT r.* FROM runs AS r WHERE r.id = :run_id")

# Results come one after the other, and none ever changes: its number among them names it.
_RESULT = text(
    """
SELECT r.id, r.engine, r.engine_version, r.params, r.result_path, r.object_count, r.finished_at,
       (SELECT count(*) FROM runs AS s
        WHERE s.image_id = r.image_id AND s.status = 'succeeded' AND s.seq <= r.seq) AS version
FROM images AS i JOIN runs AS r ON r.id = i.current_run_id
WHERE i.id = :image_id
"""
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


def current_result(connection: Connection, image_id: UUID) -> RowMapping | None:
    """Return the run whose result is shown; None when there is none yet."""
    return connection.execute(_RESULT, {"image_id": image_id}).mappings().first()
