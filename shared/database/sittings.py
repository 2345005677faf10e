"""The edits that one person made of one image in one go, of which the last is kept.

Pages save a few seconds after each change: the steps in between are not worth their files.
"""

from uuid import UUID

from sqlalchemy import Connection, text

# A step: the same person saved again on top of it within minutes, and nobody shows it.
_STEP = """
r.edited AND r.finished_at < now() - interval '1 day'
AND NOT EXISTS (SELECT FROM images AS i WHERE i.current_run_id = r.id)
AND EXISTS (SELECT FROM runs AS n WHERE n.image_id = r.image_id AND n.edits = r.id AND n.edited
            AND n.user_id = r.user_id AND n.finished_at < r.finished_at + interval '10 minutes')
"""

# Of two days, so that those looked at stay few; whatever a longer pause leaves, stays.
_IMAGES = text(
    f"""
SELECT DISTINCT r.image_id FROM runs AS r
WHERE r.finished_at > now() - interval '3 days' AND {_STEP} LIMIT :limit
"""  # noqa: S608 - built from constants of this module
)

_LOCK = text("SELECT FROM images WHERE id = :image_id FOR UPDATE")

# What began from a step began from what the whole sitting began from, and a run that a step
# outran was outrun by the sitting.
_THIN = text(
    f"""
WITH RECURSIVE step AS (
    SELECT r.id, r.edits, r.result_path FROM runs AS r WHERE r.image_id = :image_id AND {_STEP}
),
path (id, start, finish) AS (
    SELECT s.id, s.edits, n.id FROM step AS s
    JOIN runs AS n ON n.image_id = :image_id AND n.edits = s.id
    WHERE n.id NOT IN (SELECT id FROM step)
    UNION ALL
    SELECT s.id, s.edits, path.finish FROM path JOIN step AS s ON s.id = path.start
),
begun AS (
    SELECT finish, start FROM path WHERE NOT EXISTS (SELECT FROM step WHERE step.id = path.start)
),
outrun AS (SELECT DISTINCT ON (id) id, finish FROM path ORDER BY id, finish),
changed AS (
    UPDATE runs AS r
    SET edits = CASE WHEN b.finish IS NULL THEN r.edits ELSE b.start END,
        outrun_by = coalesce(o.finish, r.outrun_by)
    FROM runs AS k LEFT JOIN begun AS b ON b.finish = k.id
    LEFT JOIN outrun AS o ON o.id = k.outrun_by
    WHERE k.id = r.id AND k.image_id = :image_id AND (b.finish IS NOT NULL OR o.id IS NOT NULL)
    AND k.id NOT IN (SELECT id FROM step)
),
left_over AS (
    INSERT INTO file_deletions (path, due_at)
    SELECT result_path, now() + interval '1 day' FROM step  -- Somebody may be reading.
)
DELETE FROM runs AS r USING step WHERE r.id = step.id
"""  # noqa: S608 - built from constants of this module
)


def images_with_steps(connection: Connection, limit: int) -> list[UUID]:
    """Return images with edits that are but steps of a sitting, a day old at least."""
    return list(connection.execute(_IMAGES, {"limit": limit}).scalars())


def forget_steps(connection: Connection, image_id: UUID) -> int:
    """Delete the steps, leave their files for deletion, and return how many there were."""
    connection.execute(_LOCK, {"image_id": image_id})  # Nobody chooses one meanwhile.
    return connection.execute(_THIN, {"image_id": image_id}).rowcount
