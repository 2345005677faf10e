"""When a socket must be looked at next, and whether the browser still answers."""

import math
import random

from web.relay.limits import Limits

#: So that sockets opened together are not asked together for ever.
JITTER = 0.2


class Pulse:
    """The one clock of a socket: first for its hello, then for pings and pongs."""

    __slots__ = ("_ends", "_limits", "asked_at", "due")

    def __init__(self, limits: Limits, now: float) -> None:
        self._limits = limits
        self.asked_at: float | None = None  #: When a ping was sent that is not answered yet.
        self._ends = math.inf
        self.due = now + limits.hello_seconds

    def begin(self, now: float, *, ends: float) -> None:
        """Count from hello on; the login session is over at *ends*."""
        self._ends = ends
        self.heard(now)

    def heard(self, now: float) -> None:
        """Note a sign of life; the next ping comes after the next silence."""
        self.asked_at = None
        self._set(now + self._limits.ping_seconds * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311

    def ask(self, now: float) -> None:
        """Note that a ping was sent."""
        self.asked_at = now
        self._set(now + self._limits.pong_seconds)

    def postpone(self, now: float) -> None:
        """Look again in a second."""
        self.due = now + 1

    def stop(self, now: float, *, stalled: bool) -> None:
        """Give the browser a while to answer our close, longer when it must read first."""
        limits = self._limits
        self.due = now + (limits.stalled_seconds if stalled else limits.closing_seconds)

    def is_over(self, now: float) -> bool:
        """Tell whether the login session has ended."""
        return now >= self._ends

    @property
    def missing(self) -> bool:
        """Whether a ping is unanswered."""
        return self.asked_at is not None

    def _set(self, due: float) -> None:
        self.due = min(due, self._ends)
