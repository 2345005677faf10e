"""The oldest waiting run of a user is found without reading the others."""

from alembic import op
from sqlalchemy import text

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_runs_oldest_waiting",
        "runs",
        ["queue", "user_id", "seq"],
        postgresql_where=text("status = 'queued' AND dispatched_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_runs_oldest_waiting", "runs")
