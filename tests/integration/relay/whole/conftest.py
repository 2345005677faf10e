"""PostgreSQL, the relay in a process of its own, and Alice, Bob and Eve with their logins."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from redis import Redis

from shared.database.engine import Database
from shared.database.migrating import upgrade
from shared.domain.accounts import Role
from shared.messaging.redis_keys import RedisKeys
from shared.servers.postgresql import PostgreSQLServer
from shared.servers.valkey import ValkeyServer
from tests.integration.lab import Lab
from tests.integration.relay.live import Live, RelayProcess, free_port


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgreSQLServer]:
    server = PostgreSQLServer(tmp_path_factory.mktemp("postgresql"), durable=False)
    server.start()
    upgrade(server.url)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def lab(postgresql: PostgreSQLServer) -> Iterator[Lab]:
    database = Database(postgresql.url)
    yield Lab(database)
    database.close()


@pytest.fixture(scope="session")
def whole_relay(postgresql: PostgreSQLServer, valkey: ValkeyServer) -> Iterator[RelayProcess]:
    port = free_port()
    urls = {
        "CELLTALLY_DATABASE_URL": postgresql.url,
        "CELLTALLY_REDIS_URL": valkey.url,
        "CELLTALLY_RELAY_PORT": str(port),
    }
    command = [str(Path(sys.executable).parent / "celltally"), "relay"]
    process = RelayProcess(subprocess.Popen(command, env={**os.environ, **urls}), port)
    yield process.when_ready()
    process.stop()


@pytest.fixture
def people(
    lab: Lab, valkey: ValkeyServer, redis: Redis, ending: list[RelayProcess]
) -> Iterator[Live]:
    """Alice's project, which Bob may see, in the database and under the real keys."""
    alice, bob, eve = (lab.user(name) for name in ("Alice", "Bob", "Eve"))
    project_id = lab.project(alice)
    lab.let_in(project_id, bob, Role.VIEWER)
    with ExitStack() as stack:
        yield Live(
            valkey.url,
            redis,
            stack,
            RedisKeys(),
            ending,
            project_id=project_id,
            alice=alice,
            bob=bob,
            eve=eve,
            logins={user: str(lab.sign_in(user)) for user in (alice, bob, eve)},
        )
