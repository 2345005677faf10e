"""A real Valkey, and what runs on it."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest
from redis import Redis

from shared.messaging.redis_connections import connect
from shared.messaging.redis_keys import RedisKeys
from shared.servers.valkey import ValkeyServer
from tests.integration.relay.live import Live, RelayProcess, start_relay


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyServer]:
    server = ValkeyServer(tmp_path_factory.mktemp("valkey"), durable=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis(valkey: ValkeyServer) -> Iterator[Redis]:
    with connect(valkey.url) as client:
        yield client


@pytest.fixture(scope="session")
def keys() -> RedisKeys:
    return RedisKeys(f"test:{uuid4().hex}")


@pytest.fixture(scope="session")
def relay(valkey: ValkeyServer, keys: RedisKeys) -> Iterator[RelayProcess]:
    """A relay with the limits of production, for all tests that need no other."""
    process = start_relay(valkey.url, keys, {})
    yield process
    process.stop()


@pytest.fixture(scope="session")
def ending() -> Iterator[list[RelayProcess]]:
    relays: list[RelayProcess] = []
    yield relays
    for relay in relays:
        relay.stop()


@pytest.fixture
def live(
    valkey: ValkeyServer, redis: Redis, keys: RedisKeys, ending: list[RelayProcess]
) -> Iterator[Live]:
    with ExitStack() as stack:
        yield Live(valkey.url, redis, stack, keys, ending)


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[ValkeyServer]:
    """A server that the test may stop."""
    server = ValkeyServer(tmp_path, durable=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_live(
    own_valkey: ValkeyServer, keys: RedisKeys, ending: list[RelayProcess]
) -> Iterator[Live]:
    with ExitStack() as stack, connect(own_valkey.url) as client:
        yield Live(own_valkey.url, client, stack, keys, ending)
