"""What the process does beside its sockets."""

from uuid import uuid4

import pytest

from shared.domain.channels import Channel, ChannelKind
from shared.domain.errors import UnavailableError
from shared.messaging.redis_history import Position, Question
from tests.unit.web.relay.fakes import FakeConnection, Stage
from tests.unit.web.relay.test_hub import history
from web.relay.hub import Reader, Topic
from web.relay.relay import Relay
from web.relay.session import Session

IMAGES = Channel(ChannelKind.IMAGES, uuid4())


@pytest.fixture
def stage() -> Stage:
    return Stage()


def watching(relay: Relay) -> tuple[Topic, FakeConnection]:
    connection = FakeConnection()
    reader = Reader(uuid4(), connection.inbox)
    topic = relay.hub.join(IMAGES, reader)
    topic.admit(reader, history(4), collaborator=False)
    return topic, connection


def test_a_topic_that_is_behind_catches_up(stage):
    topic, connection = watching(stage.relay)
    stage.history.histories[0] = history(6, kept_from=5)

    stage.relay.catch_up([topic])

    assert [message["id"] for message in connection.heard] == ["e:5", "e:6"]
    assert stage.history.asked == [Question(IMAGES, 4, Position("e", 4))]
    assert not topic.catching_up


def test_a_topic_that_is_catching_up_is_not_asked_for_twice(stage):
    topic, _ = watching(stage.relay)
    topic.catching_up = True

    stage.relay.catch_up([topic])

    assert stage.history.asked == []


def test_a_topic_that_could_not_catch_up_is_tried_again_later(stage, caplog):
    topic, _ = watching(stage.relay)

    def away() -> None:
        raise UnavailableError("Redis is away")

    stage.history.while_asked = away
    stage.relay.catch_up([topic])

    assert "Redis is away" in caplog.text
    assert not topic.catching_up


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
