"""Who receives what, and how gaps are found and filled."""

import itertools
from uuid import UUID, uuid4

import pytest

from shared.domain.channels import Channel, ChannelKind
from shared.messaging.envelope import Envelope
from shared.messaging.redis_history import History, Position
from shared.messaging.redis_keys import RedisKeys
from tests.unit.web.relay.fakes import FakeConnection
from tests.unit.web.relay.samples import NOON, stats_update, status_update
from web.relay.hub import Hub, Reader, Topic

IMAGES = Channel(ChannelKind.IMAGES, uuid4())
PROJECT = Channel(ChannelKind.PROJECT, IMAGES.id)
KEYS = RedisKeys("test")


class Browser:
    """A reader and what it heard."""

    def __init__(self, user_id: UUID | None = None) -> None:
        self.connection = FakeConnection()
        self.reader = Reader(user_id or uuid4(), self.connection.inbox)

    @property
    def heard(self) -> list[object]:
        return [m["id"] if m["m"] == "pub" else m["m"] for m in self.connection.heard]


def body(version: int = 0) -> bytes:
    if version == 0:
        return Envelope(event=status_update(IMAGES.id), at=NOON).to_json()
    event = stats_update(project_id=PROJECT.id, owner_id=uuid4(), version=version)
    return Envelope(event=event, at=NOON, version=version).to_json()


def history(offset: int, *, kept_from: int | None = None, epoch: str = "e") -> History:
    first = offset + 1 if kept_from is None else kept_from
    entries = [(n, body()) for n in range(first, offset + 1)]
    return History(Position(epoch, offset), None, None, entries)


def state(offset: int, *, epoch: str = "e") -> History:
    return History(Position(epoch, offset), body(offset or 1), offset, [])


@pytest.fixture
def hub() -> Hub:
    return Hub(KEYS.wake)


def publish(hub: Hub, channel: Channel, place: str, version: int = 0) -> Topic | None:
    epoch, offset = place.split(":")
    message = f"{epoch} {offset} ".encode() + body(version)
    return hub.arrived(KEYS.wake(channel).encode(), message)


def watching(hub: Hub, channel: Channel, at: History, *, shared: bool = False) -> Browser:
    browser = Browser()
    assert hub.join(channel, browser.reader).admit(browser.reader, at, collaborator=shared)
    return browser


def test_messages_go_to_the_readers_of_their_channel(hub):
    one, two = (watching(hub, IMAGES, history(4)) for _ in range(2))
    other = watching(hub, PROJECT, state(0))

    publish(hub, IMAGES, "e:5")

    assert (one.heard, two.heard, other.heard) == (["e:5"], ["e:5"], [])


def test_who_is_pending_receives_nothing(hub):
    pending = Browser()
    hub.join(IMAGES, pending.reader)

    publish(hub, IMAGES, "e:5")

    assert pending.heard == []


def test_collaborators_receive_their_own_form_on_the_project_alone(hub):
    bob = watching(hub, PROJECT, state(0), shared=True)
    also_bob = watching(hub, IMAGES, history(0), shared=True)

    publish(hub, PROJECT, "e:1", version=1)
    publish(hub, IMAGES, "e:1")

    assert bob.connection.heard[0]["type"] == "sharedProjectUpdate"
    assert also_bob.connection.heard[0]["type"] == "imageStatusUpdate"


def test_what_was_delivered_already_is_not_delivered_again(hub):
    browser = watching(hub, IMAGES, history(4))

    for place in ("e:4", "e:5", "e:5", "e:3"):
        publish(hub, IMAGES, place)

    assert browser.heard == ["e:5"]


def test_a_gap_is_reported_and_nothing_is_delivered_out_of_order(hub):
    browser = watching(hub, IMAGES, history(4))

    behind = publish(hub, IMAGES, "e:7")

    assert behind.channel == IMAGES
    assert browser.heard == []


def test_a_gap_is_filled_from_the_history(hub):
    browser = watching(hub, IMAGES, history(4))
    behind = publish(hub, IMAGES, "e:7")

    behind.advance(history(8, kept_from=5))
    publish(hub, IMAGES, "e:8")
    publish(hub, IMAGES, "e:9")

    assert browser.heard == ["e:5", "e:6", "e:7", "e:8", "e:9"]


def test_a_gap_that_the_history_cannot_fill_is_told(hub):
    browser = watching(hub, IMAGES, history(4))

    publish(hub, IMAGES, "e:7").advance(history(7, kept_from=6))
    publish(hub, IMAGES, "e:8")

    assert browser.heard == ["resync", "e:8"]


def test_a_state_needs_nothing_but_its_newest_value(hub):
    browser = watching(hub, PROJECT, state(4))

    assert publish(hub, PROJECT, "e:7", version=7) is None
    assert browser.heard == ["e:7"]


def test_a_state_that_was_missed_is_delivered_from_the_history(hub):
    browser = watching(hub, PROJECT, state(4))

    hub.join(PROJECT, Browser().reader).advance(state(9))

    assert browser.heard == ["e:9"]


def test_an_old_history_changes_nothing(hub):
    browser = watching(hub, PROJECT, state(4))

    hub.join(PROJECT, Browser().reader).advance(state(3))
    publish(hub, PROJECT, "e:5", version=5)

    assert browser.heard == ["e:5"]


def test_under_a_new_epoch_readers_of_events_are_told_to_ask_again(hub):
    browser = watching(hub, IMAGES, history(4))

    publish(hub, IMAGES, "f:1")
    publish(hub, IMAGES, "f:2")

    assert browser.heard == ["resync", "f:1", "f:2"]


def test_under_a_new_epoch_a_published_state_makes_up_for_everything(hub):
    browser = watching(hub, PROJECT, state(4))

    publish(hub, PROJECT, "f:1", version=9)

    assert browser.heard == ["f:1"]


def test_a_state_that_only_the_history_knows_under_a_new_epoch_may_be_too_old(hub):
    browser = watching(hub, PROJECT, state(4))

    hub.join(PROJECT, Browser().reader).advance(state(1, epoch="f"))

    assert browser.heard == ["resync"]


def test_nobody_is_admitted_on_a_history_that_messages_have_overtaken(hub):
    browser = Browser()
    topic = hub.join(IMAGES, browser.reader)
    publish(hub, IMAGES, "e:5")  # After the history was read, before it is used.

    assert not topic.admit(browser.reader, history(4), collaborator=False)
    assert topic.admit(browser.reader, history(5), collaborator=False)
    publish(hub, IMAGES, "e:6")
    assert browser.heard == ["e:6"]


def test_a_history_read_for_one_advances_all(hub):
    first = watching(hub, IMAGES, history(4))

    second = watching(hub, IMAGES, history(6, kept_from=5))
    for n in (5, 6, 7):
        publish(hub, IMAGES, f"e:{n}")

    assert first.heard == ["e:5", "e:6", "e:7"]
    assert second.heard == ["e:7"]


def test_leaving_stops_everything_at_once(hub):
    browser = watching(hub, IMAGES, history(4))
    pending = Browser()
    topic = hub.join(IMAGES, pending.reader)

    hub.leave(IMAGES, browser.reader, now=0)
    hub.leave_all(pending.reader, now=0)
    publish(hub, IMAGES, "e:5")

    assert browser.heard == pending.heard == []
    assert (topic.readers, topic.pending, pending.reader.channels) == ({}, set(), set())


def test_a_topic_is_forgotten_when_nobody_watched_it_for_a_while(hub):
    browser = watching(hub, IMAGES, history(4))
    staying = watching(hub, PROJECT, state(4))

    hub.leave(IMAGES, browser.reader, now=10)

    assert hub.forget_idle(before=9) == []
    assert hub.forget_idle(before=10) == [IMAGES]
    assert [topic.channel for topic in hub] == [PROJECT]
    assert publish(hub, IMAGES, "e:5") is None
    assert staying.heard == []


def test_who_comes_back_in_time_keeps_the_topic(hub):
    browser = watching(hub, IMAGES, history(4))
    hub.leave(IMAGES, browser.reader, now=10)

    hub.join(IMAGES, browser.reader)

    assert hub.forget_idle(before=100) == []


def test_every_order_of_delivery_and_reading_ends_complete_and_without_doubles():
    """Two messages reach the link while a browser joins: try each interleaving."""
    for where in itertools.product(range(4), repeat=2):
        if where[0] > where[1]:
            continue  # Redis delivers in order.
        hub = Hub(KEYS.wake)
        first = watching(hub, IMAGES, history(4))
        browser = Browser()
        topic = hub.join(IMAGES, browser.reader)

        def arrive(step: int, hub: Hub = hub, where: tuple[int, ...] = where) -> None:
            for offset, arrival in zip((5, 6), where, strict=True):
                if arrival == step:
                    publish(hub, IMAGES, f"e:{offset}")

        arrive(0)
        read = history(5, kept_from=1)  # The first was published when it was read.
        arrive(1)
        admitted = topic.admit(browser.reader, read, collaborator=False)
        arrive(2)
        top = 5
        if not admitted:
            assert topic.admit(browser.reader, history(6, kept_from=1), collaborator=False)
            top = 6
        arrive(3)

        assert first.heard == ["e:5", "e:6"], where
        assert browser.heard == ["e:6"][top - 5 :], where
