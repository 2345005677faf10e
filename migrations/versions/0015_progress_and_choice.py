"""How far a run is, and why nobody had to name its engine."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("runs", sa.Column("tiles_done", sa.Integer(), nullable=True))
    op.add_column("runs", sa.Column("tiles_total", sa.Integer(), nullable=True))
    op.add_column("runs", sa.Column("choice", JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("runs", "choice")
    op.drop_column("runs", "tiles_total")
    op.drop_column("runs", "tiles_done")
