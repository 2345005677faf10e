"""The lab, on a database of its own: its tests empty every table."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, event, text

from shared.database.engine import Database, driver_url, plain_url
from shared.database.migrating import upgrade
from shared.servers.addresses import ServerUrls
from tests.integration.lab import Lab


@pytest.fixture(scope="session")
def lab_database(servers: ServerUrls) -> Iterator[Database]:
    name = f"lab_{uuid4().hex[:8]}"
    admin = create_engine(driver_url(servers.database), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    url = plain_url(driver_url(servers.database).set(database=name))
    upgrade(url)
    database = Database(url, pool_size=6, name="lab")
    yield database
    database.close()


@pytest.fixture
def lab(lab_database: Database) -> Lab:
    lab = Lab(lab_database)
    lab.forget_everything()
    return lab


@pytest.fixture
def statements(lab_database: Database) -> Iterator[list[str]]:
    """The statements that the lab's database is sent, as they are sent."""
    sent: list[str] = []

    def keep(*given: object) -> None:
        sent.append(str(given[2]))

    event.listen(lab_database.engine, "before_cursor_execute", keep)
    yield sent
    event.remove(lab_database.engine, "before_cursor_execute", keep)
