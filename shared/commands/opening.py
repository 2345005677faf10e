"""A database connection for a command that runs once."""

from collections.abc import Iterator
from contextlib import contextmanager

from shared.config import Settings
from shared.database.engine import Database
from shared.servers.addresses import server_urls


@contextmanager
def opened_database() -> Iterator[Database]:
    """Lend the database in use; one line says what to do when there is none."""
    url = server_urls(Settings.from_environment()).database
    database = Database(url, pool_size=1, name="celltally-command")
    try:
        yield database
    finally:
        database.close()
