"""The move of a run that people ask for: it is cancelled, with thousands of others perhaps.

It locks, changes and tells as those of `moves` do, within a transaction that says why the counts
change. The planner's statistics may say that there are none of the thousands that were queued a
moment ago, so it joins nothing: rows are found by an array of their ids, see
`Transaction.expect_many`.
"""

from enum import StrEnum

from shared.database.files import late_outputs
from shared.database.moves import RELEASED, SETTLED
from shared.database.telling import told


class Scope(StrEnum):
    """Whose active runs are cancelled."""

    IMAGE = "r.image_id = %(scope)s"
    BATCH = "r.batch_id = %(scope)s"
    PROJECT = "r.project_id = %(scope)s"
    USER = "r.user_id = %(scope)s"


#: An image shows how its last attempt that came to an end failed, and else what it was before.
_SETTLED = f"""
SELECT CASE WHEN i.current_run_id IS NULL AND last.failure_code IS NULL THEN 'uploaded'
            ELSE {SETTLED} END, last.failure_code, last.failure_detail
FROM (VALUES (true)) AS always LEFT JOIN (
    SELECT f.failure_code, f.failure_detail FROM runs AS f
    WHERE f.image_id = i.id AND f.status IN ('succeeded', 'failed')
    ORDER BY f.finished_at DESC, f.seq DESC LIMIT 1
) AS last ON true
"""  # noqa: S608 - built from a constant of this package


def cancelling(scope: Scope) -> str:
    """Return the statement that cancels what is active in the scope and settles its images.

    It locks the runs, too: only the newest version of a row tells whether somebody claimed it
    meanwhile. It returns for each project how many of the runs waited and how many ran.
    """
    return f"""
WITH picked AS (
    SELECT r.id, r.image_id FROM runs AS r WHERE {scope} AND r.status IN ('queued', 'running')
),
locked AS (
    SELECT id FROM images WHERE id = ANY(ARRAY(SELECT image_id FROM picked)) ORDER BY id FOR UPDATE
),
held AS (
    SELECT r.id, r.image_id, r.project_id, r.status, r.token FROM runs AS r
    WHERE r.id = ANY(ARRAY(SELECT id FROM picked)) AND (SELECT count(*) FROM locked) > 0
    ORDER BY r.id FOR UPDATE
),
active AS (SELECT * FROM held WHERE held.status IN ('queued', 'running')),
changed AS (
    UPDATE runs SET {RELEASED}, status = 'cancelled', finished_at = clock_timestamp()
    WHERE id = ANY(ARRAY(SELECT id FROM active))
),
swept AS (
    INSERT INTO file_deletions (path, due_at) {late_outputs("active", "active", "token")}
),
moved AS (
    UPDATE images AS i
    SET (status, last_error_code, last_error_detail) = ({_SETTLED}),
        status_version = i.status_version + 1
    WHERE i.id = ANY(ARRAY(SELECT image_id FROM active))
    RETURNING i.*
),
told AS ({told("moved")})
SELECT project_id, count(*) FILTER (WHERE status = 'queued') AS cancelled,
       count(*) FILTER (WHERE status = 'running') AS running,
       pg_notify('celltally_dispatch', '') AS woken
FROM active GROUP BY project_id
"""  # noqa: S608 - built from constants of this package; values are bound parameters


CANCEL = {scope: cancelling(scope) for scope in Scope}
