"""How often one browser is told the newest value of something."""

import logging
import math
import time
from collections import deque
from collections.abc import Callable
from threading import Event

from shared.domain.channels import Channel
from web.relay.limits import Limits
from web.relay.metrics import Metrics
from web.relay.waiting import Waiting

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 1.0  #: In which a socket is sent so many state frames at most.


class Wheel:
    """Calls back later, for all sockets of a process: a timer each would cost a greenlet each."""

    def __init__(self, step: float) -> None:
        self.step = step
        self._slots: dict[int, list[Callable[[], None]]] = {}
        self._asked = Event()

    def at(self, due: float, act: Callable[[], None]) -> None:
        """Call *act* at *due* or up to a step later."""
        if not self._slots:
            self._asked.set()
        self._slots.setdefault(math.ceil(due / self.step), []).append(act)

    def run(self, clock: Callable[[], float]) -> None:
        """Turn for ever; while nothing is to be called it sleeps, as most of the time."""
        while True:
            self._asked.wait()
            time.sleep(self.step)
            self.turn(clock())

    def turn(self, now: float) -> None:
        """Call what is due."""
        latest = int(now / self.step)
        for slot in sorted(slot for slot in self._slots if slot <= latest):
            for act in self._slots.pop(slot):
                try:
                    act()
                except Exception:
                    logger.exception("a held value could not be sent")
        if not self._slots:
            self._asked.clear()


class Pace:
    """Lets the first value of a channel through, holds those that follow too soon.

    Of what is held the newest is left, and it always follows: `release` is called with it.
    """

    __slots__ = (
        "_clock",
        "_held",
        "_hidden",
        "_limits",
        "_next_turn",
        "_sent",
        "_times",
        "_wheel",
        "metrics",
    )

    def __init__(
        self,
        limits: Limits,
        wheel: Wheel,
        clock: Callable[[], float],
        metrics: Metrics | None = None,
    ) -> None:
        self._limits = limits
        self._wheel = wheel
        self._clock = clock
        self.metrics = metrics or Metrics()
        self._hidden = False
        self._sent: dict[Channel, float] = {}  #: When each channel had its last frame.
        self._times: deque[float] | None = None  #: Of the last frames of all channels.
        self._held: dict[Channel, Waiting] = {}
        self._next_turn = math.inf

    def admits(self, channel: Channel, frame: bytes, release: Callable[[], None]) -> bool:
        """Tell whether *frame* may go now; else keep it until `release` is called."""
        if (held := self._held.get(channel)) is not None:
            held.replace(frame)
            return False
        now = self._clock()
        if (due := self._due(channel)) <= now:
            self._note(channel, now)
            return True
        self._held[channel] = Waiting(channel, frame)
        self._wake_at(due, release)
        return False

    def released(self, release: Callable[[], None]) -> list[Waiting]:
        """Return what may go now; *release* is called again for the rest."""
        self._next_turn = math.inf
        now, gone = self._clock(), []
        for channel in sorted(self._held, key=self._due):
            if self._due(channel) > now:
                break
            self._note(channel, now)
            gone.append(self._held.pop(channel))
        if self._held:
            self._wake_at(min(map(self._due, self._held)), release)
        return gone

    def hide(self, hidden: bool) -> None:
        """Note whether anybody can see the page."""
        self._hidden = hidden

    def forget(self, channel: Channel) -> None:
        """Drop what is held of the channel."""
        self._held.pop(channel, None)

    def stop(self) -> None:
        """Drop everything."""
        self._held.clear()

    def _due(self, channel: Channel) -> float:
        limits = self._limits
        interval = limits.hidden_seconds if self._hidden else limits.state_seconds
        due = self._sent.get(channel, -math.inf) + interval
        if self._times is not None and len(self._times) == limits.states_per_second:
            due = max(due, self._times[0] + WINDOW_SECONDS)
        return due

    def _note(self, channel: Channel, now: float) -> None:
        self._sent[channel] = now
        if self._times is None:
            self._times = deque(maxlen=self._limits.states_per_second)
        self._times.append(now)

    def _wake_at(self, due: float, release: Callable[[], None]) -> None:
        if due < self._next_turn:
            self._next_turn = due
            self._wheel.at(due, release)
