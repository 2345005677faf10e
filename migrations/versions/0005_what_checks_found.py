"""When each project was recounted, which drift was found, and what the audits said."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NOW = sa.text("now()")


def upgrade() -> None:
    op.add_column("project_stats", sa.Column("reconciled_at", sa.DateTime(timezone=True)))
    op.create_table(
        "drift_found",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("differences", postgresql.JSONB(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drift_found")),
    )
    op.create_table(
        "audits",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("offenders", postgresql.JSONB(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audits")),
    )


def downgrade() -> None:
    op.drop_table("audits")
    op.drop_table("drift_found")
    op.drop_column("project_stats", "reconciled_at")
