"""The link to Redis: what it subscribes, and when it says that something may be missing."""

from collections import deque

import pytest
from redis.exceptions import ConnectionError as LostError
from redis.exceptions import ResponseError

from shared.domain.errors import UnavailableError
from tests.unit.web.relay.fakes import FakeWire
from web.relay.redis_link import RedisLink


def subscribed(name: str) -> list[object]:
    return [b"subscribe", name.encode(), 1]


class Desk:
    """A link over a wire that plays a script, run until the script's end."""

    def __init__(self, *script: object) -> None:
        self.wire = FakeWire(deque(script))
        self.heard: list[tuple[bytes, bytes]] = []
        self.restorations = 0
        self.naps: list[float] = []
        self.link = RedisLink(
            self.wire,
            self,
            tick_name="tick",
            confirm_seconds=0,
            sleep=self.naps.append,
        )

    def run(self) -> "Desk":
        with pytest.raises(IndexError):  # The script is over.
            self.link.run()
        return self

    def want(self, name: str) -> None:
        with pytest.raises(UnavailableError):  # Nobody confirms it meanwhile.
            self.link.ensure(name)

    def arrived(self, name: bytes, data: bytes) -> None:
        if data == b"bad":
            raise ValueError(data)
        self.heard.append((name, data))

    def restored(self) -> None:
        self.restorations += 1


def test_the_link_lives_when_the_own_tick_is_confirmed():
    desk = Desk(subscribed("tick"))
    assert not desk.link.alive

    desk.run()

    assert desk.wire.sent == [("SUBSCRIBE", "tick")]
    assert (desk.link.alive, desk.restorations) == (True, 1)


def test_a_name_is_asked_for_once_and_waited_for():
    desk = Desk(subscribed("tick")).run()

    desk.want("b")
    desk.want("b")

    assert desk.wire.sent == [("SUBSCRIBE", "tick"), ("SUBSCRIBE", "b")]


def test_who_asks_goes_on_when_it_is_confirmed():
    desk = Desk(subscribed("tick"), subscribed("a"))
    desk.want("a")

    desk.run()

    desk.link.ensure("a")


def test_messages_are_passed_on_and_ticks_are_not():
    desk = Desk(
        subscribed("tick"),
        [b"message", b"tick", b""],
        [b"message", b"a", b"e 1 {}"],
        [b"unsubscribe", b"a", 0],
    ).run()

    assert desk.heard == [(b"a", b"e 1 {}")]


def test_a_message_that_cannot_be_delivered_stops_nothing(caplog):
    desk = Desk(subscribed("tick"), [b"message", b"a", b"bad"], [b"message", b"a", b"good"]).run()

    assert desk.heard == [(b"a", b"good")]
    assert "could not be delivered" in caplog.text


def test_after_a_cut_everything_is_subscribed_again_before_it_counts_as_restored():
    desk = Desk(subscribed("tick"), LostError("cut"))
    desk.want("a")
    desk.wire.script = deque(
        [subscribed("tick"), subscribed("a"), LostError("cut"), subscribed("tick")]
    )

    desk.run()
    assert (desk.wire.connects, desk.wire.disconnects, desk.restorations) == (2, 1, 1)
    assert not desk.link.alive

    desk.wire.script = deque([subscribed("tick"), subscribed("a")])
    desk.run()
    assert (desk.link.alive, desk.restorations) == (True, 2)


def test_the_first_try_after_a_cut_comes_at_once_and_others_wait():
    refused = [LostError("refused"), ResponseError("not allowed")]

    desk = Desk(subscribed("tick"), LostError("cut"), *refused, subscribed("tick")).run()

    assert len(desk.naps) == 2


def test_what_was_dropped_is_not_subscribed_again():
    desk = Desk(subscribed("tick"), subscribed("a"))
    desk.want("a")
    desk.run()

    desk.link.drop(["a"])
    desk.wire.script = deque([LostError("cut"), subscribed("tick")])
    desk.run()

    assert desk.wire.sent[1] == ("UNSUBSCRIBE", "a")
    assert set(desk.wire.sent[2:]) == {("SUBSCRIBE", "tick")}


def test_many_names_go_in_several_commands():
    desk = Desk(subscribed("tick"))
    for n in range(1200):
        desk.want(f"c{n}")

    desk.run()

    assert [len(command) - 1 for command in desk.wire.sent] == [500, 500, 201]


def test_a_command_that_cannot_be_sent_is_left_to_the_next_link():
    desk = Desk(subscribed("tick")).run()
    desk.wire.send_command = refuse  # type: ignore[method-assign]

    desk.want("a")

    assert desk.link.alive  # Until the reading side sees it too.


def refuse(*arguments: object, **options: object) -> None:
    raise LostError("cut")
