"""What a signal handler sets, and threads wait for."""

from queue import Empty, SimpleQueue


class Latch:
    """Set once and for ever, from anywhere; also from a signal handler.

    `threading.Event` is not for handlers: its lock is not reentrant. A second signal in the
    midst of the first one's `set`, or any in the midst of the main thread's `wait`, waits for
    itself for ever. The queue of this is made for such callers.
    """

    def __init__(self) -> None:
        self._is_set = False
        self._woken: SimpleQueue[None] = SimpleQueue()

    def set(self) -> None:
        """Set it, and wake all who wait."""
        self._is_set = True
        self._woken.put(None)

    def is_set(self) -> bool:
        """Tell whether it was set."""
        return self._is_set

    def wait(self, seconds: float) -> bool:
        """Wait until it is set, so many *seconds* at most; tell whether it is."""
        if not self._is_set:
            try:
                self._woken.get(timeout=seconds)
            except Empty:
                return self._is_set
            self._woken.put(None)  # For the next who waits.
        return True
