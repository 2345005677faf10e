"""What tests share: servers of their own, services over them, people and projects."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import structlog
from flask import Flask
from sqlalchemy import create_engine, text

from shared.config import Settings
from shared.database.engine import Database, driver_url
from shared.database.migrating import upgrade
from shared.domain.accounts import Account
from shared.domain.images import ImageStatus
from shared.editing import Editor
from shared.gathering import Gatherer
from shared.messaging.memory import MemoryTaskQueue, MemoryTickets
from shared.reading.inspector import Inspector
from shared.servers.addresses import ServerUrls
from shared.servers.embedded import EmbeddedServers
from shared.storage import open_storage
from tests.browsers import Browser, browser_of
from tests.factories import MadeProject, insert_account, insert_project
from tests.images import disks, encoded
from web.app import create_app
from web.services import Services, sweep_incoming, tile_maker

UNIT = Path(__file__).parent / "unit"

#: Of tests only; it signs the CSRF tokens of their logins.
SECRET = "a secret that only tests have"


def pytest_configure() -> None:
    """Log plainly: a traceback with the values of all variables helps nobody."""
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.add_log_level, plain])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep unit tests off the network; what needs a server is an integration test."""
    for item in items:
        if item.path.is_relative_to(UNIT):
            item.add_marker(pytest.mark.disable_socket)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUrls]:
    """PostgreSQL and Valkey, one pair for each process of the test run."""
    with EmbeddedServers(tmp_path_factory.mktemp("home"), durable=False) as running:
        yield running.urls


@pytest.fixture(scope="session")
def database_url(servers: ServerUrls) -> str:
    """A migrated database that this process of the test run has for itself."""
    name = f"tests_{uuid4().hex[:8]}"
    admin = create_engine(driver_url(servers.database), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    url = driver_url(servers.database).set(drivername="postgresql", database=name)
    written = url.render_as_string(hide_password=False)
    upgrade(written)
    return written


@pytest.fixture(scope="session")
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url, pool_size=10, name="tests")
    yield database
    database.close()


@pytest.fixture(scope="session")
def inspector() -> Iterator[Inspector]:
    with Inspector(children=1) as inspector:
        yield inspector


@pytest.fixture(scope="session")
def editor() -> Iterator[Editor]:
    editor = Editor()
    yield editor
    editor.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, secret_key=SECRET, rate_limits="off", max_image_bytes=200_000)


@pytest.fixture
def queue() -> MemoryTaskQueue:
    return MemoryTaskQueue()


@pytest.fixture
def services(
    settings: Settings,
    database: Database,
    queue: MemoryTaskQueue,
    inspector: Inspector,
    editor: Editor,
) -> Iterator[Services]:
    """Real database, files and inspector; twins of broker and tickets."""
    storage = open_storage(settings.file_storage_url)
    services = Services(
        settings=settings,
        database=database,
        storage=storage,
        queue=queue,
        inspector=inspector,
        editor=editor,
        tile_maker=tile_maker(settings, database, storage),
        gatherer=Gatherer(storage),
        tickets=MemoryTickets(),
        redis_answers=lambda: True,
    )
    services.tile_maker.patience = 60  # So that no busy machine answers "not yet".
    sweep_incoming(services.incoming)
    yield services
    services.tile_maker.close()


@pytest.fixture
def app(services: Services) -> Flask:
    return create_app(services)


@pytest.fixture
def alice(database: Database) -> Account:
    return insert_account(database, "Alice")


@pytest.fixture
def bob(database: Database) -> Account:
    return insert_account(database, "Bob")


@pytest.fixture
def charlie(database: Database) -> Account:
    return insert_account(database, "Charlie")


@pytest.fixture
def make_project(database: Database, alice: Account) -> Callable[..., MadeProject]:
    """Return a function that makes Alice (or *owner*) a project with images."""

    def make(owner: Account | None = None, **numbers: int) -> MadeProject:
        statuses = {ImageStatus(word): number for word, number in numbers.items()}
        return insert_project(database, owner or alice, statuses)

    return make


@pytest.fixture
def drawn_image() -> Callable[..., bytes]:
    """Return a function that draws a PNG with some disks, each time of another content."""
    drawn = 0

    def draw(disk_count: int = 3, **shape: Any) -> bytes:
        nonlocal drawn
        drawn += 1
        return encoded(disks(disk_count, seed=drawn, **shape))

    return draw


@pytest.fixture
def client_of(app: Flask) -> Callable[[Account | None], Browser]:
    """Return a function that gives the browser of an account; None is a stranger's."""
    return lambda account: browser_of(app, account)
