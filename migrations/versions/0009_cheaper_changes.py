"""What each change of an image costs beside itself, halved: one lock and one index fewer.

Illegal moves are refused after the row is written, as a trigger before it locks each row first. And
deltas are found by their project alone, so that the index for it is their primary key.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

#: The condition stays as revision 0003 wrote it; only the moment at which it is asked moves.
MOVE = """
DO $$
DECLARE
    checked regclass;
    definition text;
BEGIN
    FOREACH checked IN ARRAY ARRAY['runs', 'images']::regclass[] LOOP
        SELECT pg_get_triggerdef(oid) INTO STRICT definition FROM pg_trigger
        WHERE tgrelid = checked AND tgname = 'refuse_illegal_move';
        EXECUTE format('DROP TRIGGER refuse_illegal_move ON %s', checked);
        EXECUTE replace(definition, ' {before} UPDATE OF status ', ' {after} UPDATE OF status ');
    END LOOP;
END $$;
"""


def upgrade() -> None:
    op.execute(MOVE.format(before="BEFORE", after="AFTER"))
    op.drop_constraint("pk_stats_deltas", "stats_deltas")
    op.drop_index("ix_stats_deltas_project_id_id", "stats_deltas")
    op.create_primary_key("pk_stats_deltas", "stats_deltas", ["project_id", "id"])


def downgrade() -> None:
    op.drop_constraint("pk_stats_deltas", "stats_deltas")
    op.create_primary_key("pk_stats_deltas", "stats_deltas", ["id"])
    op.create_index("ix_stats_deltas_project_id_id", "stats_deltas", ["project_id", "id"])
    op.execute(MOVE.format(before="AFTER", after="BEFORE"))
