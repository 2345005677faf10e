"""What made each result, results that answer again, chosen channels, pages, and archives."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

#: What a run's row tells from now on, beside `fresh`; unknown of the runs of before.
RUN_COLUMNS = {
    "channels": postgresql.ARRAY(sa.Integer()),
    "pixel_size_um": sa.Float(),
    "weights_sha256": sa.String(),
    "environment": sa.String(),
    "recipe": sa.String(),
    "repeats": sa.Uuid(),
    "taken_from": sa.Uuid(),
}

# Else every image with a pixel size would look as if it had been segmented with another one.
PIXEL_SIZES_SO_FAR = """
UPDATE runs AS r SET pixel_size_um = i.pixel_size_um FROM images AS i
WHERE i.id = r.image_id AND i.pixel_size_um IS NOT NULL
"""


def moment(name: str, default: str | None = "now()") -> sa.Column[sa.DateTime]:
    return sa.Column(
        name,
        sa.DateTime(timezone=True),
        server_default=None if default is None else sa.text(default),
        nullable=default is None,
    )


def upgrade() -> None:
    op.create_table(
        "environments",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("described", postgresql.JSONB(), nullable=False),
        moment("first_seen_at"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_environments")),
    )
    for name, kind in RUN_COLUMNS.items():
        op.add_column("runs", sa.Column(name, kind, nullable=True))
    op.add_column(
        "runs", sa.Column("fresh", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.execute(PIXEL_SIZES_SO_FAR)
    op.create_index(
        "ix_runs_recipe",
        "runs",
        ["recipe"],
        postgresql_where=sa.text("recipe IS NOT NULL AND status = 'succeeded'"),
    )
    op.add_column("projects", sa.Column("channels", postgresql.ARRAY(sa.Integer()), nullable=True))
    op.add_column("images", sa.Column("pages", sa.Integer(), server_default="1", nullable=False))
    create_ingests()


def create_ingests() -> None:
    op.create_table(
        "ingests",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("filename", sa.String(), nullable=False),
        sa.Column("storage_key", sa.String(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("op_id", sa.String(), nullable=True),
        sa.Column("status", sa.String(), server_default="queued", nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("images", sa.Integer(), server_default="0", nullable=False),
        sa.Column("duplicates", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("rejected", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("detail", sa.String(), nullable=True),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("token", sa.Uuid(), nullable=True),
        moment("due_at"),
        moment("created_at"),
        moment("finished_at", None),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'done', 'cancelled', 'failed')",
            name=op.f("ck_ingests_status_word"),
        ),
        sa.CheckConstraint(
            "(status = 'running') = (token IS NOT NULL)", name=op.f("ck_ingests_running_is_held")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name=op.f("fk_ingests_project_id_projects"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ingests")),
    )
    op.create_index("ix_ingests_project_id", "ingests", ["project_id"])
    op.create_index(
        "ix_ingests_due_at",
        "ingests",
        ["due_at"],
        postgresql_where=sa.text("status IN ('queued', 'running')"),
    )


def downgrade() -> None:
    op.drop_table("ingests")
    op.drop_column("images", "pages")
    op.drop_column("projects", "channels")
    op.drop_index("ix_runs_recipe", "runs")
    for name in ("fresh", *RUN_COLUMNS):
        op.drop_column("runs", name)
    op.drop_table("environments")
