"""How long to wait before the next attempt at a socket."""

import random
from collections.abc import Callable

_BASE_SECONDS = 0.5
_CAP_SECONDS = 30.0
_STEADY_SECONDS = 60.0


class Backoff:
    """Full jitter: thousands of clients that lost one relay must not come back as one wave."""

    def __init__(
        self, clock: Callable[[], float], uniform: Callable[[float, float], float]
    ) -> None:
        self._clock = clock
        self._uniform = uniform
        self._failures = 0
        self._live_since: float | None = None

    @property
    def is_live(self) -> bool:
        """Whether the last attempt succeeded and has not failed since."""
        return self._live_since is not None

    def succeeded(self) -> None:
        """Note that the socket is live; after a minute of it earlier failures are forgotten."""
        self._live_since = self._clock()

    def delay(self, *, at_least: float = 0) -> float:
        """Return the seconds to wait after one more failure."""
        if self._live_since is not None and self._clock() - self._live_since >= _STEADY_SECONDS:
            self._failures = 0
        self._live_since = None
        ceiling = min(_CAP_SECONDS, _BASE_SECONDS * 2**self._failures)
        self._failures += 1
        return at_least + self._uniform(0, ceiling)


def jitter(low: float, high: float) -> float:
    """Return any number between the two."""
    return random.uniform(low, high)  # noqa: S311 - nobody gains by guessing it.
