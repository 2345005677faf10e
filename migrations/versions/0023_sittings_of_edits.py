"""Find the edits of the last days at once, to keep one of each sitting."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_runs_edited_finished_at",
        "runs",
        ["finished_at"],
        postgresql_where=sa.text("edited"),
    )


def downgrade() -> None:
    op.drop_index("ix_runs_edited_finished_at", "runs")
