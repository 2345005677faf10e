"""What of an image makes its result doubtful, kept with the run and with the image."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("runs", "images"):
        op.add_column(table, sa.Column("quality", postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    for table in ("runs", "images"):
        op.drop_column(table, "quality")
