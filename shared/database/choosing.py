"""Which result an image shows: another one of its history, or one that somebody drew.

Statements for the driver, as those of `moves`; neither counts as a completion.
"""

from shared.database.telling import told
from shared.domain.editing import BY_HAND

#: Another result of the image is shown; the counts follow, and no completion is counted.
CHOOSE = f"""
WITH locked AS (
    SELECT id FROM images WHERE id = %(image_id)s AND status NOT IN ('queued', 'processing')
    FOR UPDATE
),
chosen AS (
    SELECT r.* FROM runs AS r JOIN locked ON locked.id = r.image_id
    WHERE r.id = %(run_id)s AND r.status = 'succeeded'
    FOR SHARE OF r  -- A step of a sitting may just be forgotten.
),
moved AS (
    UPDATE images AS i
    SET status = CASE WHEN r.object_count > 0 THEN 'segmented' ELSE 'no_objects' END,
        current_run_id = r.id, object_count = r.object_count, run_ms = r.duration_ms,
        quality = r.quality, segmented_at = r.finished_at, status_version = i.status_version + 1
    FROM chosen AS r WHERE i.id = r.image_id
    RETURNING i.*
),
told AS ({told("moved")})
SELECT project_id FROM moved
"""  # noqa: S608 - built from constants of this package; values are bound parameters

#: The result of the run `%(run_id)s`, which somebody drew, becomes current, if the image still
#: shows the one that it began from. What made that one is kept in the new run's row, so that
#: "again" means the same engine; but no recipe, for no engine would make the edit.
EDIT = f"""
WITH locked AS (
    SELECT * FROM images WHERE id = %(image_id)s
    AND current_run_id IS NOT DISTINCT FROM CAST(%(edits)s AS uuid) FOR UPDATE
),
added AS (
    INSERT INTO runs (id, image_id, project_id, user_id, engine, engine_version, params, choice,
                      channels, pixel_size_um, weights_sha256, queue, soft_seconds, hard_seconds,
                      max_attempts, status, edited, edits, version, object_count, quality,
                      duration_ms, result_path, finished_at)
    SELECT %(run_id)s, i.id, i.project_id, %(user_id)s, coalesce(r.engine, '{BY_HAND}'),
           coalesce(r.engine_version, '1'), coalesce(r.params, '{{}}'), r.choice,
           r.channels, %(pixel_size_um)s, r.weights_sha256, coalesce(r.queue, '{BY_HAND}'),
           coalesce(r.soft_seconds, 0), coalesce(r.hard_seconds, 0), 0, 'succeeded', true, r.id,
           i.results + 1, %(object_count)s, CAST(%(quality)s AS jsonb), 0, %(result_path)s,
           clock_timestamp()
    FROM locked AS i LEFT JOIN runs AS r ON r.id = i.current_run_id
    RETURNING *
),
kept AS (DELETE FROM file_deletions WHERE path = %(result_path)s),
moved AS (
    UPDATE images AS i
    SET status = CASE WHEN i.status IN ('queued', 'processing') THEN i.status
                      WHEN r.object_count > 0 THEN 'segmented' ELSE 'no_objects' END,
        current_run_id = r.id, object_count = r.object_count, run_ms = 0, quality = r.quality,
        segmented_at = r.finished_at, results = i.results + 1,
        status_version = i.status_version + 1, last_error_code = NULL, last_error_detail = NULL
    FROM added AS r WHERE i.id = r.image_id
    RETURNING i.*
),
told AS ({told("moved")})
SELECT project_id FROM moved
"""  # noqa: S608 - built from constants of this package; values are bound parameters
