"""How often a browser is told the newest value."""

from itertools import pairwise
from uuid import uuid4

from shared.domain.channels import Channel, ChannelKind
from tests.unit.web.relay.fakes import Clock, FakeKernel
from tests.unit.web.relay.samples import decoded
from web.relay.frames import payload_of, text_frame
from web.relay.inbox import Inbox
from web.relay.limits import Limits
from web.relay.metrics import Metrics
from web.relay.pacing import Pace, Wheel

PROJECT = Channel(ChannelKind.PROJECT, uuid4())
EVENTS = Channel(ChannelKind.IMAGES, uuid4())


class Tab:
    """An inbox with a pace, under a clock that the test moves."""

    def __init__(self) -> None:
        limits = Limits()
        self.clock = Clock()
        self.wheel = Wheel(limits.pace_seconds)
        self.metrics = Metrics()
        self.frames: list[tuple[float, bytes]] = []
        self.kernel = FakeKernel()
        self.inbox = Inbox(
            self._write,
            limits=limits,
            on_blocked=lambda: None,
            on_overflow=lambda: None,
            pace=Pace(limits, self.wheel, self.clock, self.metrics),
        )

    def publish(self, version: int, channel: Channel = PROJECT) -> None:
        self.inbox.send_state(channel, text_frame(b'{"v":%d}' % version))

    def wait(self, seconds: float) -> None:
        """Let time go by as the relay's clock does, step by step."""
        for _ in range(round(seconds / self.wheel.step)):
            self.clock.now += self.wheel.step
            self.wheel.turn(self.clock.now)

    @property
    def heard(self) -> list[dict[str, int]]:
        return [decoded(frame) for _, frame in self.frames]

    def in_a_second(self) -> int:
        """Return the most frames that came within any second."""
        times = [at for at, _ in self.frames]
        return max(sum(at <= other < at + 1 for other in times) for at in times)

    def _write(self, frame: bytes) -> int:
        taken = self.kernel.write(frame)
        if taken:
            self.frames.append((self.clock.now, frame))
        return taken


def test_the_first_value_goes_at_once_and_the_newest_of_those_held_follows():
    """R11: conflated, and the last one is exact."""
    tab = Tab()

    for version in range(1, 11):
        tab.publish(version)
    assert tab.heard == [{"v": 1}]
    tab.wait(0.3)

    assert tab.heard == [{"v": 1}, {"v": 10, "cf": 9}]
    assert tab.metrics.conflated == 8


def test_a_channel_is_told_four_times_a_second_at_most():
    """R11, rules.md 17, realtime G10: 200 updates a second, and no value is 300 ms old."""
    tab = Tab()

    for version in range(1, 1001):
        tab.publish(version)
        tab.clock.now += 0.005
        tab.wheel.turn(tab.clock.now)
    tab.wait(0.3)

    assert tab.in_a_second() <= 4
    assert tab.heard[-1]["v"] == 1000
    assert sum(message.get("cf", 1) for message in tab.heard) == 1000
    gaps = [later - earlier for (earlier, _), (later, _) in pairwise(tab.frames)]
    assert max(gaps) <= 0.3


def test_a_socket_is_told_twenty_times_a_second_at_most_and_misses_no_channel():
    """rules.md 17."""
    tab = Tab()
    channels = [Channel(ChannelKind.PROJECT, uuid4()) for _ in range(50)]

    for version in (1, 2, 3):
        for channel in channels:
            tab.publish(version, channel)
    assert len(tab.frames) == 20
    tab.wait(10)

    assert tab.in_a_second() <= 20
    newest = [message for message in tab.heard if message["v"] == 3]
    assert len(newest) == 50


def test_events_are_not_paced():
    tab = Tab()

    for n in range(100):
        tab.inbox.send(text_frame(b'{"n":%d}' % n), EVENTS)

    assert len(tab.frames) == 100


def test_a_hidden_tab_is_told_every_five_seconds():
    """realtime 4.6."""
    tab = Tab()
    tab.inbox.hide(True)

    for version in range(1, 121):
        tab.publish(version)
        tab.wait(0.1)
    tab.wait(5.1)

    times = [at for at, _ in tab.frames]
    assert all(later - earlier >= 5 for earlier, later in pairwise(times))
    assert tab.heard[-1]["v"] == 120


def test_a_tab_that_is_looked_at_again_is_told_at_once():
    tab = Tab()
    tab.inbox.hide(True)
    tab.publish(1)
    tab.publish(2)
    tab.wait(1)
    assert [message["v"] for message in tab.heard] == [1]

    tab.inbox.hide(False)

    assert [message["v"] for message in tab.heard] == [1, 2]


def test_a_value_that_is_held_is_dropped_with_its_channel():
    """rules.md 14: after a revocation nothing of the channel leaves."""
    tab = Tab()
    tab.publish(1)
    tab.publish(2)

    tab.inbox.discard(PROJECT)
    tab.wait(1)

    assert tab.heard == [{"v": 1}]


def test_after_the_goodbye_nothing_that_was_held_follows():
    tab = Tab()
    tab.publish(1)
    tab.publish(2)

    tab.inbox.finish(text_frame(b"{}"))
    tab.wait(1)

    assert tab.heard == [{"v": 1}, {}]


def test_what_was_held_and_then_waits_for_the_kernel_counts_all_it_stands_for():
    tab = Tab()
    tab.publish(1)
    tab.kernel.room = 0
    tab.inbox.send(text_frame(b'{"e":0}'))
    tab.publish(2)
    tab.publish(3)
    tab.wait(0.3)
    tab.publish(4)
    tab.wait(0.3)

    tab.kernel.room = 1000
    assert tab.inbox.flush()

    assert payload_of(tab.frames[-1][1]) == b'{"v":4,"cf":3}'


def test_one_that_fails_does_not_keep_the_others_from_their_turn():
    wheel, called = Wheel(0.1), []

    wheel.at(1.0, lambda: 1 // 0)
    wheel.at(1.0, lambda: called.append(True))
    wheel.turn(1.1)

    assert called == [True]
