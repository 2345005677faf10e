"""A share says what is offered to whom; a membership says who came in by it."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

#: Until now a share named its user; it becomes a share by that user's address.
CARRY_OVER = (
    "UPDATE project_shares AS s SET email = u.email FROM users AS u WHERE u.id = s.user_id",
    "UPDATE project_shares SET accepted_at = created_at WHERE status = 'accepted'",
    "UPDATE project_shares SET revoked_at = now() WHERE status = 'revoked'",
    """
    UPDATE project_shares SET accepted_at = created_at, expires_at = least(expires_at, now())
    WHERE status = 'expired'
    """,
    """
    INSERT INTO memberships (share_id, user_id, joined_at)
    SELECT id, user_id, created_at FROM project_shares
    WHERE accepted_at IS NOT NULL AND revoked_at IS NULL
    """,
)

#: One row for each member again; who came in by several shares keeps the latest.
CARRY_BACK = (
    "ALTER TABLE project_shares ADD COLUMN user_id uuid",
    "ALTER TABLE project_shares ADD COLUMN status varchar NOT NULL DEFAULT 'accepted'",
    """
    CREATE TEMPORARY TABLE members ON COMMIT DROP AS
    SELECT DISTINCT ON (s.project_id, m.user_id)
           s.project_id, m.user_id, s.role, s.expires_at, s.created_at
    FROM memberships AS m JOIN project_shares AS s ON s.id = m.share_id
    WHERE s.revoked_at IS NULL ORDER BY s.project_id, m.user_id, s.created_at DESC
    """,
    "DELETE FROM memberships",
    "DELETE FROM project_shares",
    """
    INSERT INTO project_shares (project_id, user_id, role, expires_at, created_at)
    SELECT project_id, user_id, role, expires_at, created_at FROM members
    """,
    "ALTER TABLE project_shares ALTER COLUMN user_id SET NOT NULL",
    "ALTER TABLE project_shares ALTER COLUMN status SET DEFAULT 'pending'",
)


def upgrade() -> None:
    op.create_table(
        "memberships",
        sa.Column("share_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "joined_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["share_id"],
            ["project_shares.id"],
            name=op.f("fk_memberships_share_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_memberships_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("share_id", "user_id", name=op.f("pk_memberships")),
    )
    op.create_index(op.f("ix_memberships_user_id"), "memberships", ["user_id"])
    op.add_column("project_shares", sa.Column("email", sa.String(), nullable=True))
    for column in ("accepted_at", "revoked_at"):
        op.add_column("project_shares", sa.Column(column, sa.DateTime(timezone=True)))
    _run(CARRY_OVER)
    op.drop_column("project_shares", "user_id")  # Its index and its constraints go with it.
    op.drop_column("project_shares", "status")
    op.create_index(op.f("ix_project_shares_project_id"), "project_shares", ["project_id"])
    op.create_index(
        "uq_project_shares_one_open_per_address",
        "project_shares",
        ["project_id", sa.text("lower(email)")],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL AND email IS NOT NULL"),
    )
    op.create_index(
        "ix_outbox_control",
        "outbox",
        ["id"],
        postgresql_where=sa.text("channel = 'control'"),
    )
    op.add_column(
        "users",
        sa.Column("deleting", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("users", "deleting")
    op.drop_index("ix_outbox_control", "outbox")
    op.drop_index("uq_project_shares_one_open_per_address", "project_shares")
    op.drop_index(op.f("ix_project_shares_project_id"), "project_shares")
    _run(CARRY_BACK)
    op.create_foreign_key(
        op.f("fk_project_shares_user_id"),
        "project_shares",
        "users",
        ["user_id"],
        ["id"],
        ondelete="CASCADE",
    )
    op.create_unique_constraint(
        op.f("uq_project_shares_project_id_user_id"), "project_shares", ["project_id", "user_id"]
    )
    op.create_check_constraint(
        op.f("ck_project_shares_status_word"),
        "project_shares",
        "status IN ('pending', 'accepted', 'revoked', 'expired')",
    )
    op.create_index(op.f("ix_project_shares_user_id"), "project_shares", ["user_id"])
    for column in ("revoked_at", "accepted_at", "email"):
        op.drop_column("project_shares", column)
    op.drop_table("memberships")


def _run(statements: tuple[str, ...]) -> None:
    for statement in statements:
        op.execute(statement)
