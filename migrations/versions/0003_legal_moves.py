"""Illegal moves are refused by the database, and choosing a result is no completion."""

import re

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

#: The condition is evaluated without calling the function. PostgreSQL reads it anew for each
#: statement, so it is short: a list of pairs to compare with cost a fifth of all writes.
TRIGGER = """
CREATE TRIGGER refuse_illegal_move BEFORE UPDATE OF status ON {table}
FOR EACH ROW WHEN (OLD.status <> NEW.status AND {illegal})
EXECUTE FUNCTION refuse_illegal_move();
"""

#: An act is counted when a worker's result arrives; to show an earlier one again is none.
COUNTED_BEFORE = "AND fresh.current_run_id IS DISTINCT FROM stale.current_run_id AS completed"
COUNTED_NOW = """AND fresh.current_run_id IS DISTINCT FROM stale.current_run_id
               AND stale.status = 'processing' AS completed"""

#: A session keeps the plan that it made for small statements. With that one, the rows before and
#: after are compared each with each: 10,000 images took longer than a statement may. So what a
#: large statement did is counted by a plan of its own.
COUNTING = re.compile(r"(?<=BEGIN\n)(.*?;)(?=\s*RETURN NULL;)", re.DOTALL)
BY_SIZE = """    IF EXISTS (SELECT FROM new_rows OFFSET 99) THEN
        EXECUTE $many${counting}$many$;
    ELSE
{counting}
    END IF;"""


def upgrade() -> None:
    op.execute(REFUSE)
    for table, moves in LEGAL.items():
        op.execute(TRIGGER.format(table=table, illegal=condition(moves)))
    written = replaced(counting_function(), COUNTED_BEFORE, COUNTED_NOW)
    [counting] = COUNTING.findall(written)
    redefine(replaced(written, counting, BY_SIZE.format(counting=counting)))


def downgrade() -> None:
    written = counting_function()
    [by_size] = COUNTING.findall(written)
    counting = by_size.partition("$many$")[2].partition("$many$")[0]
    written = replaced(written, by_size, counting)
    redefine(replaced(written, COUNTED_NOW, COUNTED_BEFORE))
    op.execute("DROP FUNCTION refuse_illegal_move() CASCADE")


def condition(moves: dict[str, tuple[str, ...]]) -> str:
    """Return the SQL that tells whether a change of status is none of *moves*."""
    legal = "".join(f",{before}>{word}," for before, after in moves.items() for word in after)
    return f"strpos('{legal}', ',' || OLD.status || '>' || NEW.status || ',') = 0"


def counting_function() -> str:
    """Return the function of 0002 that counts what an update changed, as it is now."""
    definition = op.get_bind().exec_driver_sql(
        "SELECT pg_get_functiondef('count_updated_images()'::regprocedure)"
    )
    written: str = definition.scalar_one()
    return written


def redefine(written: str) -> None:
    op.get_bind().exec_driver_sql(written)


def replaced(written: str, old: str, new: str) -> str:
    """Return the text with *old*, which is in it once, replaced."""
    if written.count(old) != 1:
        raise RuntimeError("count_updated_images() is not the one that revision 0002 made")
    return written.replace(old, new)
