"""The queue of one browser."""

from dataclasses import replace
from uuid import uuid4

import pytest

from shared.domain.channels import Channel, ChannelKind
from tests.unit.web.relay.fakes import FakeKernel
from web.relay.frames import payload_of, text_frame
from web.relay.inbox import Inbox
from web.relay.limits import Limits

STATE = Channel(ChannelKind.PROJECT, uuid4())
OTHER = Channel(ChannelKind.DASH, uuid4())
EVENTS = Channel(ChannelKind.IMAGES, uuid4())


class Desk:
    """An inbox, its kernel, and what it called for."""

    def __init__(self, *, room: int = 10**9, **limits: float) -> None:
        self.kernel = FakeKernel(room)
        self.blocked = 0
        self.overflows = 0
        self.inbox = Inbox(
            self.kernel.write,
            limits=replace(Limits(), **limits),
            on_blocked=self._block,
            on_overflow=self._overflow,
        )

    def _block(self) -> None:
        self.blocked += 1

    def _overflow(self) -> None:
        self.overflows += 1
        self.inbox.finish(text_frame(b"bye"))

    def flush(self, room: int = 10**9) -> bool:
        self.kernel.room = room
        return self.inbox.flush()

    def read(self) -> list[bytes]:
        """Return the payloads of all frames that went out; fail on a torn one."""
        left, payloads = self.kernel.taken, []
        while left:
            size = 2 + left[1]
            assert len(left) >= size, "a frame was torn"
            payloads.append(payload_of(left[:size]))
            left = left[size:]
        return payloads


def pub(text: str) -> bytes:
    return text_frame(b'{"p":"%b"}' % text.encode())


def test_a_browser_that_keeps_up_has_nothing_waiting():
    desk = Desk()

    desk.inbox.send(pub("a"))
    desk.inbox.send_state(STATE, pub("b"))

    assert desk.read() == [b'{"p":"a"}', b'{"p":"b"}']
    assert (len(desk.inbox), desk.blocked) == (0, 0)


def test_a_frame_that_was_taken_in_part_is_finished_before_the_next():
    desk = Desk(room=3)

    desk.inbox.send(pub("a"))
    desk.inbox.send(pub("b"))
    flushes = [desk.flush(room=room) for room in (1, 4, 100)]

    assert flushes == [False, False, True]
    assert desk.read() == [b'{"p":"a"}', b'{"p":"b"}']
    assert desk.blocked == 1


def test_of_a_state_channel_only_the_newest_waits_and_says_how_many_it_stands_for():
    desk = Desk(room=0)
    desk.inbox.send(pub("begun"))

    for n in range(5):
        desk.inbox.send_state(STATE, pub(str(n)))
    desk.inbox.send_state(OTHER, pub("x"))
    desk.flush()

    assert desk.read() == [b'{"p":"begun"}', b'{"p":"4","cf":5}', b'{"p":"x"}']


def test_a_state_frame_that_was_begun_is_not_replaced():
    desk = Desk(room=3)

    desk.inbox.send_state(STATE, pub("old"))
    desk.inbox.send_state(STATE, pub("new"))
    desk.flush()

    assert desk.read() == [b'{"p":"old"}', b'{"p":"new"}']


def test_events_wait_in_their_order():
    desk = Desk(room=0)

    for n in range(5):
        desk.inbox.send(pub(str(n)), EVENTS)
    desk.flush()

    assert desk.read() == [b'{"p":"%d"}' % n for n in range(5)]


def test_events_that_do_not_fit_are_dropped_and_the_browser_is_told_once_to_ask_again():
    """R12, realtime 4.6: no event of the channel is left, for what is missing has no end."""
    desk = Desk(room=3, queue_frames=4)
    desk.inbox.send_state(STATE, pub("begun"))
    desk.inbox.send_state(STATE, pub("kept"))

    for n in range(20):
        desk.inbox.send(pub(str(n)), EVENTS)
    desk.flush()

    assert desk.overflows == 0
    assert desk.read() == [
        b'{"p":"begun"}',
        b'{"p":"kept"}',
        b'{"m":"resync","ch":"%b"}' % str(EVENTS).encode(),
    ]


def test_until_it_asks_again_a_browser_is_sent_no_event_that_would_hide_the_gap():
    desk = Desk(room=3, queue_frames=4)
    for n in range(20):
        desk.inbox.send(pub(str(n)), EVENTS)
    desk.flush()

    desk.inbox.send(pub("hides"), EVENTS)
    desk.inbox.send_state(STATE, pub("state"))
    desk.inbox.send(pub("own"))

    assert desk.read()[2:] == [b'{"p":"state"}', b'{"p":"own"}']


def test_a_browser_that_asked_again_is_sent_events_as_before():
    desk = Desk(room=3, queue_frames=4)
    for n in range(20):
        desk.inbox.send(pub(str(n)), EVENTS)
    desk.flush()

    desk.inbox.discard(EVENTS)  # As subscribing does.
    desk.inbox.send(pub("later"), EVENTS)

    assert desk.read()[-1] == b'{"p":"later"}'


def test_too_many_frames_of_no_channel_overflow_and_the_last_word_comes_after_what_was_begun():
    desk = Desk(room=3, queue_frames=4)

    for n in range(20):
        desk.inbox.send(pub(str(n)))
    desk.flush()

    assert desk.overflows == 1
    assert desk.read() == [b'{"p":"0"}', b"bye"]


def test_too_many_bytes_overflow():
    desk = Desk(room=0, queue_bytes=30)

    for n in range(4):
        desk.inbox.send(pub(str(n)))

    assert desk.overflows == 1


def test_a_browser_that_takes_ever_so_little_is_too_slow_when_its_queue_grows_old():
    """realtime 4.6: the head of the queue is ten seconds old at most."""
    desk = Desk(room=0, stalled_seconds=0)
    desk.inbox.send(pub("begun"))
    desk.inbox.send(pub("waits"))

    desk.flush(room=1)

    assert desk.overflows == 1


def test_nothing_more_is_written_to_a_socket_that_broke():
    desk = Desk()
    desk.kernel.broken = True

    desk.inbox.send(pub("a"))
    desk.kernel.broken = False
    desk.inbox.send(pub("b"))
    desk.inbox.send_state(STATE, pub("c"))

    assert desk.read() == []
    assert len(desk.inbox) == 0


def test_one_state_channel_never_overflows():
    desk = Desk(room=0, queue_frames=4, queue_bytes=200)

    for n in range(1000):
        desk.inbox.send_state(STATE, pub(str(n)))

    assert desk.overflows == 0
    assert len(desk.inbox) == 1


def test_what_was_read_makes_room_again():
    desk = Desk(queue_frames=4, queue_bytes=60)
    for _ in range(10):
        desk.kernel.room = 0
        for n in range(4):
            desk.inbox.send(pub(str(n)), EVENTS)
        desk.flush()

    assert desk.overflows == 0
    assert len(desk.read()) == 40


def test_discarding_a_channel_drops_what_waits_of_it_alone():
    desk = Desk(room=3)
    desk.inbox.send(pub("begun"), EVENTS)
    desk.inbox.send(pub("dropped"), EVENTS)
    desk.inbox.send_state(STATE, pub("dropped too"))
    desk.inbox.send(pub("kept"))

    desk.inbox.discard(EVENTS)
    desk.inbox.discard(STATE)
    desk.inbox.send_state(STATE, pub("later"))
    desk.flush()

    assert desk.read() == [b'{"p":"begun"}', b'{"p":"kept"}', b'{"p":"later"}']


@pytest.mark.parametrize("room", [0, 3, 10**9])
def test_after_the_last_word_nothing_is_sent(room):
    desk = Desk(room=room)
    desk.inbox.send(pub("a"))

    desk.inbox.finish(text_frame(b"bye"))
    desk.inbox.finish(text_frame(b"again"))
    desk.inbox.send(pub("late"))
    desk.inbox.send_state(STATE, pub("late"))
    desk.flush()

    assert desk.read() == [b'{"p":"a"}', b"bye"]
