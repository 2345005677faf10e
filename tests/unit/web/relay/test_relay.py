"""What the process does beside its sockets."""

from uuid import uuid4

import pytest

from shared.domain.channels import Channel, ChannelKind
from tests.unit.web.relay.fakes import FakeConnection, Stage
from tests.unit.web.relay.test_hub import history
from web.relay.hub import Reader
from web.relay.relay import Relay
from web.relay.session import Session

IMAGES = Channel(ChannelKind.IMAGES, uuid4())


@pytest.fixture
def stage() -> Stage:
    return Stage()


def watching(relay: Relay) -> FakeConnection:
    connection = FakeConnection()
    reader = Reader(uuid4(), connection.inbox)
    topic = relay.hub.join(IMAGES, reader)
    topic.admit(reader, history(4), collaborator=False)
    return connection


def test_a_gap_is_filled_as_soon_as_it_is_seen(stage):
    connection = watching(stage.relay)
    stage.history.histories[0] = history(6, kept_from=5)

    stage.relay.arrived(stage.relay.wake_name(IMAGES).encode(), b"e 6 {}")

    assert [message["id"] for message in connection.heard] == ["e:5", "e:6"]


def test_a_link_that_is_back_finds_out_what_was_missed(stage):
    connection = watching(stage.relay)
    stage.history.histories[0] = history(5, kept_from=5)

    stage.relay.restored()

    assert [message["id"] for message in connection.heard] == ["e:5"]


def test_a_relay_that_drains_lets_nobody_in_and_everybody_go(stage):
    connections = [FakeConnection() for _ in range(3)]
    for connection in connections:
        stage.relay.registry.add(Session(stage.relay, connection))
    assert not stage.relay.full

    stage.relay.drain(seconds=0)

    assert stage.relay.full
    assert [connection.closed[0] for connection in connections] == [1012] * 3


def test_when_redis_is_lost_for_long_everybody_is_told(stage):
    connection = FakeConnection()
    stage.relay.registry.add(Session(stage.relay, connection))
    stage.relay.link.lost_for = lambda now: 15.1  # type: ignore[method-assign]

    stage.relay.look_after_sockets()

    assert connection.closed[0] == 4503
