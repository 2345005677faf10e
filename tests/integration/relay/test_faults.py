"""Every fault on the way of a live message; `tests/live_faults.py` injects them more often."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from shared.messaging.redis_connections import connect
from shared.messaging.redis_keys import RedisKeys
from shared.servers.valkey import ValkeyServer
from tests.integration.relay.faults import FAULTS, Scene, play
from tests.integration.relay.live import Live, RelayProcess

#: Of these the relay cannot know what was missed, and has to say so.
UNRECOVERABLE = {"a_browser_stops_reading", "the_history_expires"}


@pytest.fixture
def scene(tmp_path: Path, keys: RedisKeys, ending: list[RelayProcess]) -> Iterator[Scene]:
    """A Valkey that keeps what it was told, as in production."""
    server = ValkeyServer(tmp_path, durable=True)
    server.start()
    with ExitStack() as stack, connect(server.url) as redis:
        yield Scene(Live(server.url, redis, stack, keys, ending), server)
    server.stop()


@pytest.mark.parametrize("name", FAULTS)
def test_nothing_is_lost_doubled_or_out_of_order_unless_the_relay_says_so(name, scene):
    """R3, R4, R6, R12; realtime G8."""
    tally = play(scene, name, rounds=2)

    assert tally.passed, tally
    assert tally.rounds == 2
    if name not in UNRECOVERABLE:
        assert tally.unrecovered == 0
