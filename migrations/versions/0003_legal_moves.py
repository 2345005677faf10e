"""Illegal moves are refused by the database, and choosing a result is no completion."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

#: From where to where; a contract test holds it equal to the TRANSITIONS of shared/domain.
LEGAL = {
    "runs": {
        "queued": ("running", "cancelled"),
        "running": ("queued", "succeeded", "failed", "cancelled"),
    },
    "images": {
        "uploaded": ("queued",),
        "queued": ("processing", "uploaded", "segmented", "no_objects", "failed"),
        "processing": ("queued", "uploaded", "segmented", "no_objects", "failed"),
        "segmented": ("queued", "no_objects"),
        "no_objects": ("queued", "segmented"),
        "failed": ("queued",),
    },
}

REFUSE = """
CREATE FUNCTION refuse_illegal_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% may not go from % to %', TG_TABLE_NAME,
        coalesce(OLD.status, 'nothing'), NEW.status
        USING ERRCODE = 'check_violation', HINT = 'docs/state_machine.md draws the legal moves';
END $$;

CREATE TRIGGER refuse_illegal_start BEFORE INSERT ON runs
FOR EACH ROW WHEN (NEW.status <> 'queued') EXECUTE FUNCTION refuse_illegal_move();
"""

#: The condition is evaluated without calling the function, so a legal move pays next to nothing.
TRIGGER = """
CREATE TRIGGER refuse_illegal_move BEFORE UPDATE OF status ON {table}
FOR EACH ROW WHEN (NOT (OLD.status = NEW.status OR {legal}))
EXECUTE FUNCTION refuse_illegal_move();
"""

#: An act is counted when a worker's result arrives; to show an earlier one again is none.
COUNTED_BEFORE = "AND fresh.current_run_id IS DISTINCT FROM stale.current_run_id AS completed"
COUNTED_NOW = """AND fresh.current_run_id IS DISTINCT FROM stale.current_run_id
               AND stale.status = 'processing' AS completed"""

#: A session keeps the plan that it made for small statements. With that one, rows before and
#: after were compared each with each: 10,000 images took longer than a statement may.
PLANNED_FOR_MANY = "ALTER FUNCTION count_updated_images() SET enable_nestloop = off"
PLANNED_AS_BEFORE = "ALTER FUNCTION count_updated_images() RESET enable_nestloop"


def upgrade() -> None:
    op.execute(REFUSE)
    for table, moves in LEGAL.items():
        op.execute(TRIGGER.format(table=table, legal=condition(moves)))
    rewrite_the_counting(COUNTED_BEFORE, COUNTED_NOW)
    op.execute(PLANNED_FOR_MANY)


def downgrade() -> None:
    op.execute(PLANNED_AS_BEFORE)
    rewrite_the_counting(COUNTED_NOW, COUNTED_BEFORE)
    op.execute("DROP FUNCTION refuse_illegal_move() CASCADE")


def condition(moves: dict[str, tuple[str, ...]]) -> str:
    """Return the SQL that tells whether a change of status is one of *moves*."""
    pairs = [f"('{before}', '{word}')" for before, after in moves.items() for word in after]
    return f"(OLD.status, NEW.status) IN ({', '.join(pairs)})"


def rewrite_the_counting(old: str, new: str) -> None:
    """Replace a condition in the function of 0002 that counts what an update changed."""
    definition = op.get_bind().exec_driver_sql(
        "SELECT pg_get_functiondef('count_updated_images()'::regprocedure)"
    )
    written = definition.scalar_one()
    if written.count(old) != 1:
        raise RuntimeError("count_updated_images() is not the one that revision 0002 made")
    op.get_bind().exec_driver_sql(written.replace(old, new))
