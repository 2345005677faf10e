"""Filling gaps."""

from collections import deque
from collections.abc import Callable
from uuid import uuid4

import pytest

from shared.domain.channels import Channel, ChannelKind
from shared.domain.errors import UnavailableError
from shared.messaging.redis_history import History, Position, Question
from tests.unit.web.relay.fakes import FakeConnection, FakeHistory
from tests.unit.web.relay.test_hub import history
from web.relay.catching_up import TOPICS_PER_READ, CatchingUp
from web.relay.hub import Reader, Topic

IMAGES = Channel(ChannelKind.IMAGES, uuid4())


class Desk:
    """A topic at 4 with one reader, and its histories."""

    def __init__(self, *histories: History) -> None:
        self.history = FakeHistory(deque(histories))
        self.spawned: list[Callable[[], None]] = []
        self.catching_up = CatchingUp(self.history, self.spawned.append)
        self.connection = FakeConnection()
        self.topic = Topic(IMAGES)
        reader = Reader(uuid4(), self.connection.inbox)
        self.topic.admit(reader, history(4), collaborator=False)

    def run(self) -> list[str]:
        while self.spawned:
            self.spawned.pop()()
        return [message["id"] for message in self.connection.heard]


def test_a_topic_that_is_behind_catches_up():
    desk = Desk(history(6, kept_from=5))

    desk.catching_up.ask([desk.topic])

    assert desk.run() == ["e:5", "e:6"]
    assert desk.history.asked == [Question(IMAGES, 4, Position("e", 4))]


def test_asking_twice_before_it_was_read_reads_once():
    desk = Desk(history(6, kept_from=5))

    desk.catching_up.ask([desk.topic])
    desk.catching_up.ask([desk.topic])

    desk.run()
    assert len(desk.history.asked) == 1


def test_what_comes_while_it_is_read_is_read_as_well():
    desk = Desk(history(6, kept_from=5), history(7, kept_from=7))
    asked_again = []

    def ask_again_once() -> None:
        if not asked_again:
            asked_again.append(True)
            desk.catching_up.ask([desk.topic])

    desk.history.while_asked = ask_again_once
    desk.catching_up.ask([desk.topic])

    assert desk.run() == ["e:5", "e:6", "e:7"]


def test_when_redis_is_away_the_next_occasion_tries_again(caplog):
    desk = Desk(history(6, kept_from=5))

    def away() -> None:
        raise UnavailableError("Redis is away")

    desk.history.while_asked = away
    desk.catching_up.ask([desk.topic])
    assert desk.run() == []
    assert "Redis is away" in caplog.text

    desk.history.while_asked = None
    desk.catching_up.ask([desk.topic])
    assert desk.run() == ["e:5", "e:6"]


def test_a_topic_without_a_place_has_missed_nothing():
    desk = Desk(history(6))

    desk.catching_up.ask([Topic(IMAGES)])

    desk.run()
    assert desk.history.asked == []


@pytest.mark.parametrize("count", [1, TOPICS_PER_READ, 2 * TOPICS_PER_READ + 1])
def test_many_topics_are_read_in_batches(count):
    desk = Desk(history(4))
    topics = [Topic(Channel(ChannelKind.IMAGES, uuid4())) for _ in range(count)]
    for topic in topics:
        topic.advance(history(4))

    desk.catching_up.ask(topics)

    desk.run()
    assert [question.channel for question in desk.history.asked] == [t.channel for t in topics]
