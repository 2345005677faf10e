"""Results that somebody drew: versions of an image's result, and runs that end behind an edit."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0022"
branch_labels = None
depends_on = None

RUN_COLUMNS = {"version": sa.Integer(), "edits": sa.Uuid(), "base_run_id": sa.Uuid()}
RUN_COLUMNS |= {"outrun_by": sa.Uuid()}

ACTIVITIES = (
    "project_created",
    "project_renamed",
    "project_deleted",
    "project_shared",
    "images_uploaded",
    "images_deleted",
    "segmentation_completed",
    "segmentation_failed",
    "segmentation_cancelled",
)
EDITED = "segmentation_edited"

NUMBER_RESULTS = """
WITH numbered AS (
    SELECT id, row_number() OVER (PARTITION BY image_id ORDER BY seq) AS number
    FROM runs WHERE status = 'succeeded'
)
UPDATE runs AS r SET version = numbered.number FROM numbered WHERE numbered.id = r.id;
UPDATE images AS i SET results = made.number
FROM (SELECT image_id, max(version) AS number FROM runs GROUP BY image_id) AS made
WHERE made.image_id = i.id AND made.number > 0;
"""

START = """
DROP TRIGGER refuse_illegal_start ON runs;
CREATE TRIGGER refuse_illegal_start BEFORE INSERT ON runs
FOR EACH ROW WHEN (NEW.status <> 'queued'{but}) EXECUTE FUNCTION refuse_illegal_move();
"""

MOVE = """
DO $$
DECLARE
    definition text;
BEGIN
    SELECT pg_get_triggerdef(oid) INTO STRICT definition FROM pg_trigger
    WHERE tgrelid = 'images'::regclass AND tgname = 'refuse_illegal_move';
    DROP TRIGGER refuse_illegal_move ON images;
    EXECUTE replace(replace(definition, '{uploaded}', '{uploaded_now}'),
                    '{failed}', '{failed_now}');
END $$;
"""
UPLOADED, FAILED = ",uploaded>queued,", ",failed>queued,"
UPLOADED_BY_HAND = f"{UPLOADED},uploaded>segmented,,uploaded>no_objects,"
FAILED_BY_HAND = f"{FAILED},failed>segmented,,failed>no_objects,"

#: An edit while a worker is at the image changes its result and is no completion.
COUNTED = "stale.status = 'processing' AS completed"
COUNTED_NOW = "stale.status = 'processing' AND fresh.status <> 'processing' AS completed"

#: Another result is news, also where it has as many objects: the version rises.
TOLD = "AND (fresh.status <> stale.status OR run.completed"
TOLD_NOW = """AND (fresh.status <> stale.status
           OR fresh.current_run_id IS DISTINCT FROM stale.current_run_id"""


def upgrade() -> None:
    op.add_column(
        "runs", sa.Column("edited", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    for name, kind in RUN_COLUMNS.items():
        op.add_column("runs", sa.Column(name, kind, nullable=True))
    op.add_column("images", sa.Column("results", sa.Integer(), server_default="0", nullable=False))
    op.execute(NUMBER_RESULTS)
    op.execute(START.format(but=" AND NOT (NEW.edited AND NEW.status = 'succeeded')"))
    change_moves((UPLOADED, FAILED), (UPLOADED_BY_HAND, FAILED_BY_HAND))
    redefine((COUNTED, COUNTED_NOW), (TOLD, TOLD_NOW))
    allow_activities((*ACTIVITIES, EDITED))


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM activities WHERE type = :type").bindparams(type=EDITED))
    allow_activities(ACTIVITIES)
    redefine((TOLD_NOW, TOLD), (COUNTED_NOW, COUNTED))
    change_moves((UPLOADED_BY_HAND, FAILED_BY_HAND), (UPLOADED, FAILED))
    op.execute(START.format(but=""))
    op.drop_column("images", "results")
    for name in ("edited", *RUN_COLUMNS):
        op.drop_column("runs", name)


def allow_activities(words: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_activities_type_word"), "activities", type_="check")
    op.create_check_constraint(op.f("ck_activities_type_word"), "activities", f"type IN {words}")


def change_moves(before: tuple[str, str], now: tuple[str, str]) -> None:
    """Replace the moves of an image from `uploaded` and from `failed` in the list of legal ones."""
    op.execute(
        MOVE.format(uploaded=before[0], failed=before[1], uploaded_now=now[0], failed_now=now[1])
    )


def redefine(*changes: tuple[str, str]) -> None:
    """Change the function that counts what an update changed, as revision 0008 left it."""
    connection = op.get_bind()
    written: str = connection.exec_driver_sql(
        "SELECT pg_get_functiondef('count_updated_images()'::regprocedure)"
    ).scalar_one()
    for old, new in changes:
        if old not in written:
            raise RuntimeError("count_updated_images() is not the one that revision 0008 made")
        written = written.replace(old, new)
    connection.exec_driver_sql(written)
