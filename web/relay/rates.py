"""How much one socket may send."""


class Bucket:
    """Lets a burst through, then a steady rate."""

    __slots__ = ("_burst", "_left", "_rate", "_since")

    def __init__(self, *, rate: float, burst: int, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left: float = burst
        self._since = now

    def take(self, now: float) -> bool:
        """Take one; False when none is left."""
        self._left = min(self._burst, self._left + (now - self._since) * self._rate)
        self._since = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
