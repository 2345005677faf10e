"""How Alembic reaches the database and what it compares with."""

from alembic import context
from sqlalchemy import create_engine, pool, text

from shared.database import (  # noqa: F401 - they fill the metadata
    account_tables,
    export_tables,
    intake_tables,
    preview_tables,
    share_tables,
    tables,
    tally_tables,
)
from shared.database.columns import Base

#: Only one process migrates at a time; the number is arbitrary and ours.
MIGRATION_LOCK = 4_770_001


def migrate() -> None:
    url = context.config.get_main_option("sqlalchemy.url")
    assert url is not None
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata)
        with context.begin_transaction():
            connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
            context.run_migrations()


migrate()
