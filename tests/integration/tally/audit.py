"""What must hold in every database, whatever happened to it, as questions that list offenders."""

from sqlalchemy import Connection, text

_LAST_FINISHED = """
    SELECT f.status FROM runs AS f
    WHERE f.image_id = i.id AND f.status IN ('succeeded', 'failed') ORDER BY f.seq DESC LIMIT 1
"""

QUESTIONS = {
    "an image has two active runs (Q1)": """
SELECT image_id FROM runs WHERE status IN ('queued', 'running')
GROUP BY image_id HAVING count(*) > 1
""",
    "a running run holds no lease, or an idle one does": """
SELECT id FROM runs
WHERE (status = 'running') <> (token IS NOT NULL AND lease_until IS NOT NULL AND pid IS NOT NULL)
""",
    "an image is queued without a waiting run, or the other way round": """
SELECT i.id FROM images AS i
WHERE (i.status = 'queued')
   <> EXISTS (SELECT FROM runs AS r WHERE r.image_id = i.id AND r.status = 'queued')
""",
    "an image is processing without a running run, or the other way round": """
SELECT i.id FROM images AS i
WHERE (i.status = 'processing')
   <> EXISTS (SELECT FROM runs AS r WHERE r.image_id = i.id AND r.status = 'running')
""",
    "the current run is not a succeeded run of the image with its number of objects": """
SELECT i.id FROM images AS i
WHERE i.current_run_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM runs AS r WHERE r.id = i.current_run_id AND r.image_id = i.id
    AND r.status = 'succeeded' AND r.object_count = i.object_count AND r.duration_ms = i.run_ms)
""",
    "a settled image is not what its current run says (rules.md 19)": """
SELECT i.id FROM images AS i
WHERE i.current_run_id IS NOT NULL AND i.status NOT IN ('queued', 'processing')
  AND i.status <> CASE WHEN i.object_count > 0 THEN 'segmented' ELSE 'no_objects' END
""",
    "a settled image without a result is not what its last run says (rules.md 19)": f"""
SELECT i.id FROM images AS i
WHERE i.current_run_id IS NULL AND i.status NOT IN ('queued', 'processing')
  AND i.status <> CASE WHEN ({_LAST_FINISHED}) = 'failed' THEN 'failed' ELSE 'uploaded' END
""",
    "an image without a result counts objects": """
SELECT id FROM images WHERE current_run_id IS NULL AND object_count IS NOT NULL
""",
    "the last run failed and the image does not say why, or the other way round": f"""
SELECT i.id FROM images AS i
WHERE i.status NOT IN ('queued', 'processing')
  AND (i.last_error_code IS NOT NULL) <> (coalesce(({_LAST_FINISHED}), '') = 'failed')
""",
    "a run is of another project than its image": """
SELECT r.id FROM runs AS r JOIN images AS i ON i.id = r.image_id
WHERE i.project_id <> r.project_id
""",
    "a run that ended says no time, or one that did not end does": """
SELECT id FROM runs
WHERE (status IN ('succeeded', 'failed', 'cancelled')) <> (finished_at IS NOT NULL)
""",
}


def offences(connection: Connection) -> dict[str, list[str]]:
    """Return, for each broken invariant, the rows that break it."""
    answers = {
        name: [str(row[0]) for row in connection.execute(text(question))]
        for name, question in QUESTIONS.items()
    }
    return {name: rows for name, rows in answers.items() if rows}
