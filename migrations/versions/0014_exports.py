"""Exports, and the trigger that leaves the files of one that goes to the janitor."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

STATUSES = ("queued", "running", "done", "failed", "cancelled")
FAILURES = ("storage_error", "worker_lost", "out_of_memory", "timeout", "export_error")

#: A project, an account or a request may take the row away: whatever it is, its folder goes. One
#: that somebody was at goes once more a day later, when nobody can be writing any more.
LEAVE_FILES = """
CREATE FUNCTION leave_export_files() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO file_deletions (path, due_at)
    SELECT 'exports/' || old.id || '/', now() + wait
    FROM unnest(ARRAY[interval '0', interval '24 hours']) AS wait;
    RETURN NULL;
END
$$
"""
TRIGGER = """
CREATE TRIGGER exports_leave_their_files AFTER DELETE ON exports
FOR EACH ROW WHEN (old.attempt > 0) EXECUTE FUNCTION leave_export_files()
"""


def moment(name: str, *, now: bool = False) -> sa.Column[sa.DateTime]:
    default = sa.text("now()") if now else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=not now)


def number(name: str, default: str) -> sa.Column[sa.Integer]:
    return sa.Column(name, sa.Integer(), server_default=default, nullable=False)


def upgrade() -> None:
    op.create_table(
        "exports",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("formats", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("image_ids", postgresql.ARRAY(sa.Uuid()), nullable=True),
        sa.Column("statuses", postgresql.ARRAY(sa.TEXT()), nullable=True),
        sa.Column("status", sa.String(), server_default="queued", nullable=False),
        number("attempt", "0"),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("token", sa.Uuid(), nullable=True),
        moment("lease_until"),
        sa.Column("worker", sa.String(), nullable=True),
        sa.Column("pid", sa.Integer(), nullable=True),
        moment("not_before", now=True),
        number("done", "0"),
        number("total", "0"),
        sa.Column("detail", sa.String(), nullable=True),
        sa.Column("failure_code", sa.String(), nullable=True),
        sa.Column("file_key", sa.String(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        moment("created_at", now=True),
        *map(moment, ("dispatched_at", "started_at", "finished_at", "expires_at")),
        sa.CheckConstraint(f"status IN {STATUSES}", name=op.f("ck_exports_status_word")),
        sa.CheckConstraint(
            f"failure_code IN {FAILURES}", name=op.f("ck_exports_failure_code_word")
        ),
        sa.CheckConstraint(
            "(status = 'running') = (token IS NOT NULL AND lease_until IS NOT NULL)",
            name=op.f("ck_exports_running_holds_a_lease"),
        ),
        sa.CheckConstraint(
            "(status = 'failed') = (failure_code IS NOT NULL)",
            name=op.f("ck_exports_failed_says_why"),
        ),
        sa.CheckConstraint(
            "(status = 'done') = (file_key IS NOT NULL)", name=op.f("ck_exports_done_has_a_file")
        ),
        sa.CheckConstraint(
            "(status IN ('queued', 'running')) = (finished_at IS NULL)",
            name=op.f("ck_exports_ended_says_when"),
        ),
        sa.CheckConstraint(
            "attempt BETWEEN 0 AND max_attempts", name=op.f("ck_exports_attempts_capped")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name=op.f("fk_exports_project_id_projects"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_exports_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
    )
    op.create_index(
        "ix_exports_user_id_project_id_created_at",
        "exports",
        ["user_id", "project_id", "created_at"],
    )
    op.create_index("ix_exports_project_id", "exports", ["project_id"])
    op.create_index(
        "ix_exports_active",
        "exports",
        ["user_id"],
        postgresql_where=sa.text("status IN ('queued', 'running')"),
    )
    op.create_index("ix_exports_expires_at", "exports", ["expires_at"])
    op.execute(LEAVE_FILES)
    op.execute(TRIGGER)


def downgrade() -> None:
    op.drop_table("exports")
    op.execute("DROP FUNCTION leave_export_files()")
