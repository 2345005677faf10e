"""A statement that changed one image is counted without sums: so are nearly all."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STATUSES = ("uploaded", "queued", "processing", "segmented", "no_objects", "failed")

#: How the function of 0003 begins to choose between its ways to count.
BEFORE = "IF EXISTS (SELECT FROM new_rows OFFSET 99) THEN"

COUNTS = ", ".join(
    f"(fresh.status = '{word}')::int - (stale.status = '{word}')::int" for word in STATUSES
)

#: The first condition is asked once: of many rows none is compared. What is not counted here, as it
#: is many rows, nothing at all or an image that moved to another project, is left to the sums.
NOW = f"""INSERT INTO stats_deltas (
        project_id, {", ".join(STATUSES)}, objects, completions, run_ms,
        last_segmentation_completed, affected, image_ids, operation, op_id
    )
    SELECT fresh.project_id, {COUNTS},
           coalesce(fresh.object_count, 0) - coalesce(stale.object_count, 0),
           run.completed::int, CASE WHEN run.completed THEN fresh.run_ms ELSE 0 END,
           CASE WHEN run.completed THEN fresh.segmented_at END, 1, ARRAY[fresh.id],
           nullif(current_setting('celltally.operation', true), ''),
           nullif(current_setting('celltally.op_id', true), '')
    FROM new_rows AS fresh, old_rows AS stale, LATERAL (
        SELECT fresh.current_run_id IS NOT NULL
               AND fresh.current_run_id IS DISTINCT FROM stale.current_run_id
               AND stale.status = 'processing' AS completed
    ) AS run
    WHERE NOT EXISTS (SELECT FROM new_rows OFFSET 1) AND fresh.project_id = stale.project_id
      AND (fresh.status <> stale.status OR run.completed
           OR coalesce(fresh.object_count, 0) <> coalesce(stale.object_count, 0));
    IF FOUND THEN
        RETURN NULL;
    END IF;
    IF EXISTS (SELECT FROM new_rows OFFSET 99) THEN"""


def upgrade() -> None:
    redefine(BEFORE, NOW)


def downgrade() -> None:
    redefine(NOW, BEFORE)


def redefine(old: str, new: str) -> None:
    """Replace *old*, which is once in the function that counts what an update changed."""
    connection = op.get_bind()
    written: str = connection.exec_driver_sql(
        "SELECT pg_get_functiondef('count_updated_images()'::regprocedure)"
    ).scalar_one()
    if written.count(old) != 1:
        raise RuntimeError("count_updated_images() is not the one that revision 0003 made")
    connection.exec_driver_sql(written.replace(old, new))
