"""Deletions of files that wait until nobody can be writing them any more."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "file_deletions",
        sa.Column(
            "due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
    )
    op.create_index("ix_file_deletions_due_at", "file_deletions", ["due_at"])


def downgrade() -> None:
    op.drop_index("ix_file_deletions_due_at", "file_deletions")
    op.drop_column("file_deletions", "due_at")
