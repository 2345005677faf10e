"""Resumable uploads, the folders files came from, and a trigger that leaves parts to the janitor."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

STATES = ("receiving", "finishing", "done", "refused")

#: Whatever takes the row away or settles it, its parts go. They go once more a day later, when no
#: request that lost its upload can be writing any more.
LEAVE_PARTS = """
CREATE FUNCTION leave_upload_parts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO file_deletions (path, due_at)
    SELECT 'uploads/' || old.id || '/', now() + wait
    FROM unnest(ARRAY[interval '0', interval '24 hours']) AS wait;
    RETURN NULL;
END
$$
"""
TRIGGERS = (
    """
CREATE TRIGGER uploads_leave_their_parts AFTER DELETE ON uploads
FOR EACH ROW WHEN (old.state IN ('receiving', 'finishing')) EXECUTE FUNCTION leave_upload_parts()
""",
    """
CREATE TRIGGER uploads_need_their_parts_no_more AFTER UPDATE OF state ON uploads
FOR EACH ROW WHEN (new.state IN ('done', 'refused')) EXECUTE FUNCTION leave_upload_parts()
""",
)


def words(name: str, *, default: str | None = None, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), server_default=default, nullable=nullable)


def moment(name: str, *, now: bool = False, nullable: bool = False) -> sa.Column[sa.DateTime]:
    default = sa.text("now()") if now else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable)


def check(condition: str, name: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_uploads_{name}"))


def owned_by(table: str, column: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_uploads_{column}_{table}")
    return sa.ForeignKeyConstraint([column], [f"{table}.id"], name=name, ondelete="CASCADE")


def upgrade() -> None:
    op.add_column("images", words("relative_path", nullable=True))
    op.create_table(
        "uploads",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        words("filename"),
        words("relative_path", nullable=True),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("parts", postgresql.ARRAY(sa.TEXT()), server_default="{}", nullable=False),
        words("sha256", nullable=True),
        words("metadata"),
        words("op_id", nullable=True),
        words("state", default="receiving"),
        sa.Column("writer", sa.Uuid(), nullable=True),
        moment("writer_until", nullable=True),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        moment("due_at", now=True),
        sa.Column("image_ids", postgresql.ARRAY(sa.Uuid()), nullable=True),
        sa.Column("duplicate", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        words("refusal_code", nullable=True),
        words("refusal_detail", nullable=True),
        moment("created_at", now=True),
        moment("expires_at"),
        check(f"state IN {STATES}", "state_word"),
        check("received BETWEEN 0 AND length", "received_within_length"),
        check("(writer IS NULL) = (writer_until IS NULL)", "writer_has_a_lease"),
        check("state = 'receiving' OR received = length", "whole_before_finishing"),
        check(
            "(state = 'done') = (image_ids IS NOT NULL OR batch_id IS NOT NULL)", "done_is_there"
        ),
        check("(state = 'refused') = (refusal_code IS NOT NULL)", "refused_says_why"),
        owned_by("projects", "project_id"),
        owned_by("users", "user_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
    )
    op.create_index("ix_uploads_project_id", "uploads", ["project_id"])
    op.create_index("ix_uploads_expires_at", "uploads", ["expires_at"])
    op.create_index(
        "ix_uploads_user_id",
        "uploads",
        ["user_id"],
        postgresql_where=sa.text("state IN ('receiving', 'finishing')"),
    )
    op.create_index(
        "ix_uploads_due_at", "uploads", ["due_at"], postgresql_where=sa.text("state = 'finishing'")
    )
    op.execute(LEAVE_PARTS)
    for trigger in TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    op.drop_table("uploads")
    op.execute("DROP FUNCTION leave_upload_parts()")
    op.drop_column("images", "relative_path")
