"""The feed: one entry a project event, and who may read it once the project is gone."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TYPES = (
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


def moment(name: str, default: str) -> sa.Column[sa.DateTime]:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text(default), nullable=False
    )


def upgrade() -> None:
    op.add_column("outbox", sa.Column("outcomes", postgresql.JSONB(), nullable=True))
    op.create_table(
        "activities",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=True),
        sa.Column("project_name", sa.String(), nullable=True),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_name", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=True),
        sa.Column("count", sa.BigInteger(), nullable=True),
        sa.Column("failed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("duration_ms", sa.BigInteger(), nullable=True),
        moment("at", "clock_timestamp()"),
        sa.Column("untold", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        moment("told_at", "clock_timestamp()"),
        sa.CheckConstraint(
            f"type IN {TYPES}",
            name=op.f("ck_activities_type_word"),
        ),
        sa.ForeignKeyConstraint(
            ["actor_id"],
            ["users.id"],
            name=op.f("fk_activities_actor_id_users"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activities")),
    )
    op.create_index("ix_activities_project_id_at_id", "activities", ["project_id", "at", "id"])
    op.create_index("ix_activities_actor_id_at", "activities", ["actor_id", "at"])
    op.create_index(
        "ix_activities_actor_id_act",
        "activities",
        ["actor_id", "act"],
        postgresql_where=sa.text("act IS NOT NULL"),
    )
    op.create_index(
        "ix_activities_untold", "activities", ["id"], postgresql_where=sa.text("untold")
    )
    op.create_index("ix_activities_at", "activities", ["at"])
    op.create_table(
        "former_members",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        moment("at", "now()"),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_former_members_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "project_id", name=op.f("pk_former_members")),
    )
    op.create_index("ix_former_members_project_id", "former_members", ["project_id"])


def downgrade() -> None:
    op.drop_table("former_members")
    op.drop_table("activities")
    op.drop_column("outbox", "outcomes")
