"""The tally: triggers that append what each statement on images changed."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COUNTED = ("uploaded", "queued", "processing", "segmented", "no_objects", "failed")

#: What each event says of a row, as columns of one shape; `sign` counts it in or out.
INSERTED = """
    SELECT id, project_id, 1 AS sign, status, object_count, 1 AS upload, 0 AS deletion,
           0 AS completion, 0::bigint AS run_ms, created_at AS added_at,
           NULL::timestamptz AS completed_at
    FROM new_rows
"""
DELETED = """
    SELECT id, project_id, -1 AS sign, status, object_count, 0 AS upload, 1 AS deletion,
           0 AS completion, 0::bigint AS run_ms, NULL::timestamptz AS added_at,
           NULL::timestamptz AS completed_at
    FROM old_rows
"""
#: A changed row counts out as it was and in as it is, which also covers a move to another project.
UPDATED = """
    SELECT change.*
    FROM new_rows AS fresh
    JOIN old_rows AS stale USING (id)
    CROSS JOIN LATERAL (
        SELECT fresh.current_run_id IS NOT NULL
               AND fresh.current_run_id IS DISTINCT FROM stale.current_run_id AS completed
    ) AS run
    CROSS JOIN LATERAL (VALUES
        (id, stale.project_id, -1, stale.status, stale.object_count, 0, 0,
         0, 0::bigint, NULL::timestamptz, NULL::timestamptz),
        (id, fresh.project_id, 1, fresh.status, fresh.object_count, 0, 0,
         run.completed::int, CASE WHEN run.completed THEN fresh.run_ms ELSE 0 END,
         NULL::timestamptz, CASE WHEN run.completed THEN fresh.segmented_at END)
    ) AS change (id, project_id, sign, status, object_count, upload, deletion,
                 completion, run_ms, added_at, completed_at)
    WHERE (fresh.project_id, fresh.status, coalesce(fresh.object_count, 0))
          IS DISTINCT FROM (stale.project_id, stale.status, coalesce(stale.object_count, 0))
       OR run.completed
"""


TRIGGER = """
CREATE FUNCTION count_{done}_images() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH changes AS ({changes}),
    sums AS (
    SELECT project_id,
           {sums},
           coalesce(sum(sign * coalesce(object_count, 0)), 0) AS objects,
           sum(upload) AS uploads,
           sum(deletion) AS deletes,
           sum(completion) AS completions,
           sum(run_ms) AS run_ms,
           max(added_at) AS last_image_added,
           max(completed_at) AS last_segmentation_completed,
           count(DISTINCT id) AS affected,
           (array_agg(DISTINCT id))[1:50] AS image_ids
    FROM changes
    GROUP BY project_id
    )
    INSERT INTO stats_deltas (
        project_id, {columns}, objects, uploads, deletes, completions, run_ms,
        last_image_added, last_segmentation_completed, affected, image_ids, operation, op_id
    )
    SELECT project_id, {columns}, objects, uploads, deletes, completions, run_ms,
           last_image_added, last_segmentation_completed, affected, image_ids,
           nullif(current_setting('celltally.operation', true), ''),
           nullif(current_setting('celltally.op_id', true), '')
    FROM sums
    WHERE {anything}
    ORDER BY project_id;
    RETURN NULL;
END $$;

CREATE TRIGGER count_{done}_images AFTER {event} ON images
REFERENCING {tables} FOR EACH STATEMENT EXECUTE FUNCTION count_{done}_images();
"""


def trigger(event: str, done: str, tables: str, changes: str) -> str:
    """Return the SQL of the statement trigger for one event, such as (insert, inserted)."""
    sums = (
        f"coalesce(sum(sign) FILTER (WHERE status = '{word}'), 0) AS {word}" for word in COUNTED
    )
    numbers = (*COUNTED, "objects", "uploads", "deletes", "completions")
    return TRIGGER.format(
        event=event,
        done=done,
        tables=tables,
        changes=changes,
        sums=",\n           ".join(sums),
        columns=", ".join(COUNTED),
        anything=" OR ".join(f"{name} <> 0" for name in numbers),
    )


#: What the triggers could not count is refused.
REFUSALS = """
CREATE FUNCTION refuse_uncounted_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on images cannot be counted: %', TG_OP, TG_ARGV[0];
END $$;

CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON images
FOR EACH STATEMENT EXECUTE FUNCTION refuse_uncounted_change('delete the rows instead');

CREATE TRIGGER refuse_new_id BEFORE UPDATE OF id ON images
FOR EACH STATEMENT EXECUTE FUNCTION refuse_uncounted_change('the id of an image never changes');
"""

#: Whoever writes to the outbox wakes the publisher; PostgreSQL folds repeats within a transaction.
WAKE_UP = """
CREATE FUNCTION wake_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NOTIFY celltally_outbox;
    RETURN NULL;
END $$;

CREATE TRIGGER wake_outbox AFTER INSERT ON outbox
FOR EACH STATEMENT EXECUTE FUNCTION wake_outbox();
"""

#: Rows of these tables live for a second; the default of 20 % of a grown table would come too late.
VACUUM = """
ALTER TABLE stats_deltas SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 10000
);
ALTER TABLE outbox SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000
);
ALTER TABLE project_stats SET (fillfactor = 50);
"""


def upgrade() -> None:
    op.execute(trigger("insert", "inserted", "NEW TABLE AS new_rows", INSERTED))
    op.execute(trigger("update", "updated", "OLD TABLE AS old_rows NEW TABLE AS new_rows", UPDATED))
    op.execute(trigger("delete", "deleted", "OLD TABLE AS old_rows", DELETED))
    op.execute(REFUSALS)
    op.execute(WAKE_UP)
    op.execute(VACUUM)


def downgrade() -> None:
    for word in ("inserted", "updated", "deleted"):
        op.execute(f"DROP FUNCTION count_{word}_images() CASCADE")
    op.execute("DROP FUNCTION refuse_uncounted_change() CASCADE")
    op.execute("DROP FUNCTION wake_outbox() CASCADE")
