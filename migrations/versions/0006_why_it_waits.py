"""What the answer to "why does it wait" needs: the broker's state, the last cause, recent runs."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dispatch_state",
        sa.Column("sole", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("broker_failed_since", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("sole", name=op.f("ck_dispatch_state_one_row")),
        sa.PrimaryKeyConstraint("sole", name=op.f("pk_dispatch_state")),
    )
    op.add_column("runs", sa.Column("retried_because", sa.String(), nullable=True))
    op.create_index(
        "ix_runs_engine_finished_at",
        "runs",
        ["engine", "finished_at"],
        postgresql_where=sa.text("status = 'succeeded'"),
    )


def downgrade() -> None:
    op.drop_index("ix_runs_engine_finished_at", "runs")
    op.drop_column("runs", "retried_because")
    op.drop_table("dispatch_state")
