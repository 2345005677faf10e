"""What a move of images leaves in the outbox, within the statement that moves them."""

from shared.domain.events import EventType, NoticeLevel, Operation

#: Images that one message of `imageStatusUpdate` speaks of.
IMAGES_PER_MESSAGE = 200

#: Of a file's name, in a sentence.
LONGEST_NAME = 120

#: What a batch's entry in the feed grows by, as the column `outcomes` of a message says it.
OUTCOMES = {
    Operation.SEGMENTATION_COMPLETED: "succeeded",
    Operation.SEGMENTATION_FAILED: "failed",
}


def told(moved: str, outcome: str | None = None) -> str:
    """Return the statement that leaves messages about the image rows of the CTE *moved*.

    With an *outcome* they also say, by `batch_id`, to whose entry in the feed it is added: by
    whoever publishes, so that no run waits for the row that all runs of its batch would change.
    """
    counted = "CAST(NULL AS jsonb)"
    if outcome is not None:
        counted = f"jsonb_build_object('{outcome}', jsonb_agg(batch_id))"
    return f"""
INSERT INTO outbox (channel, type, outcomes, data)
SELECT 'images:' || project_id, 'imageStatusUpdate', {counted},
    jsonb_build_object('images', jsonb_agg(
    jsonb_strip_nulls(jsonb_build_object(
        'imageId', id, 'status', status, 'version', status_version,
        'objectCount', object_count, 'runId', current_run_id,
        'error', CASE WHEN last_error_code IS NOT NULL THEN jsonb_build_object(
            'code', last_error_code, 'detail', last_error_detail) END))
    ORDER BY place))
FROM (SELECT *, row_number() OVER (PARTITION BY project_id ORDER BY id) - 1 AS place
      FROM {moved}) AS placed
GROUP BY project_id, place / {IMAGES_PER_MESSAGE}
"""  # noqa: S608 - built from constants of this package


def told_outrun(changed: str, moved: str) -> str:
    """Return the CTE that tells who asked for the runs *changed* that an edit came before theirs.

    *moved* are the images of these runs.
    """
    return f""",
told_outrun AS (
    INSERT INTO outbox (channel, type, data)
    SELECT 'user:' || r.user_id, '{EventType.NOTICE}', jsonb_build_object(
        'level', '{NoticeLevel.INFO}', 'code', 'outrun:' || r.image_id, 'timestamp', now(),
        'text', left(i.filename, {LONGEST_NAME}) || ' was edited while it was segmented. '
                'The edit stays; the new result is in the history of the image.')
    FROM {changed} AS r JOIN {moved} AS i ON i.id = r.image_id WHERE r.outrun_by IS NOT NULL
)"""  # noqa: S608 - built from constants of this package
