"""Illegal moves of images are refused while they are counted: each change costs a trigger less.

The condition of a trigger is read and prepared anew for each statement; in the function that counts,
it is part of a plan that the session keeps.
"""

from alembic import op

revision = "0024"
down_revision = "0020"
branch_labels = None
depends_on = None

#: A contract test holds it equal to the TRANSITIONS of shared/domain.
LEGAL = {
    "uploaded": ("queued", "segmented", "no_objects"),
    "queued": ("processing", "uploaded", "segmented", "no_objects", "failed"),
    "processing": ("queued", "uploaded", "segmented", "no_objects", "failed"),
    "segmented": ("queued", "no_objects"),
    "no_objects": ("queued", "segmented"),
    "failed": ("queued", "segmented", "no_objects"),
}
PAIRS = "".join(f",{before}>{word}," for before, after in LEGAL.items() for word in after)

ILLEGAL = """{old}.status <> {new}.status
    AND strpos('{pairs}', ',' || {old}.status || '>' || {new}.status || ',') = 0"""
IN_TRIGGER = ILLEGAL.format(old="OLD", new="NEW", pairs=PAIRS)
IN_COUNTING = ILLEGAL.format(old="stale", new="fresh", pairs=PAIRS)

REFUSE = """
CREATE FUNCTION refuse_move_of_image(before text, after text) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'images may not go from % to %', before, after
        USING ERRCODE = 'check_violation', HINT = 'docs/state_machine.md draws the legal moves';
END $$;
"""

TRIGGER = f"""
CREATE TRIGGER refuse_illegal_move AFTER UPDATE OF status ON images
FOR EACH ROW WHEN ({IN_TRIGGER}) EXECUTE FUNCTION refuse_illegal_move();
"""

#: A number that is in every count of a change: of one image, and (twice) of several.
ONE, SEVERAL = " END, 1, ARRAY[fresh.id]", "(id, stale.project_id, -1, stale.status"
UNLESS = f"CASE WHEN {IN_COUNTING} THEN refuse_move_of_image(stale.status, fresh.status) ELSE"
ONE_LEGAL = ONE.replace("1", f"{UNLESS} 1 END")
SEVERAL_LEGAL = SEVERAL.replace("-1", f"{UNLESS} -1 END")


def upgrade() -> None:
    op.execute(REFUSE)
    redefine((ONE, ONE_LEGAL, 1), (SEVERAL, SEVERAL_LEGAL, 2))
    op.execute("DROP TRIGGER refuse_illegal_move ON images")


def downgrade() -> None:
    op.execute(TRIGGER)
    redefine((ONE_LEGAL, ONE, 1), (SEVERAL_LEGAL, SEVERAL, 2))
    op.execute("DROP FUNCTION refuse_move_of_image(text, text)")


def redefine(*changes: tuple[str, str, int]) -> None:
    """Replace what is so many times in the function that counts what an update changed."""
    connection = op.get_bind()
    written: str = connection.exec_driver_sql(
        "SELECT pg_get_functiondef('count_updated_images()'::regprocedure)"
    ).scalar_one()
    for old, new, times in changes:
        if written.count(old) != times:
            raise RuntimeError("count_updated_images() is not the one that revision 0020 knows")
        written = written.replace(old, new)
    connection.exec_driver_sql(written)
