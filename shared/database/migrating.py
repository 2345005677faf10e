"""Bring a database to the newest schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config

import migrations
from shared.database.engine import driver_url


def alembic_config(database_url: str) -> Config:
    """Return Alembic's configuration for *database_url*."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    url = driver_url(database_url).render_as_string(hide_password=False)
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def upgrade(database_url: str) -> None:
    """Run every migration that has not run yet; two at once wait for each other."""
    command.upgrade(alembic_config(database_url), "head")
