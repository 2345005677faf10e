"""What waits for one browser."""

from collections import deque
from collections.abc import Callable

from shared.domain.channels import Channel
from web.relay.frames import conflated
from web.relay.limits import Limits


class Waiting:
    """A frame in the queue; of a state channel it is replaced in place by a newer one."""

    __slots__ = ("channel", "frame", "updates")

    def __init__(self, channel: Channel | None, frame: bytes) -> None:
        self.channel = channel
        self.frame = frame
        self.updates = 1


class Inbox:
    """The bounded queue of one socket; empty as long as the browser keeps up.

    A frame is written at once, without waiting. What the kernel does not take becomes the
    remainder, and only then do frames queue: of a state channel the newest alone, of
    others each. A frame that was begun is always finished. `write` takes what it can and
    returns how much; `on_blocked` must call `flush` when there is room again;
    `on_overflow` is called once, when the bounds are passed.
    """

    __slots__ = (
        "_bytes",
        "_finished",
        "_limits",
        "_on_blocked",
        "_on_overflow",
        "_queue",
        "_remainder",
        "_states",
        "_write",
    )

    def __init__(
        self,
        write: Callable[[bytes], int],
        *,
        limits: Limits,
        on_blocked: Callable[[], None],
        on_overflow: Callable[[], None],
    ) -> None:
        self._write = write
        self._limits = limits
        self._on_blocked = on_blocked
        self._on_overflow = on_overflow
        self._remainder = b""
        self._queue: deque[Waiting] = deque()
        self._states: dict[Channel, Waiting] = {}
        self._bytes = 0
        self._finished = False

    def __len__(self) -> int:
        return len(self._queue)

    def send(self, frame: bytes, channel: Channel | None = None) -> None:
        """Send *frame* after everything before it; *channel* is whose event it is."""
        if self._finished:
            return
        if not self._remainder:
            self._begin(frame)
        else:
            self._enqueue(Waiting(channel, frame))

    def send_state(self, channel: Channel, frame: bytes) -> None:
        """Send *frame* as the channel's newest value, in place of one that still waits."""
        if not self._remainder:
            self.send(frame)
        elif (waiting := self._states.get(channel)) is not None:
            self._bytes += len(frame) - len(waiting.frame)
            waiting.frame = frame
            waiting.updates += 1
        elif not self._finished:
            waiting = self._states[channel] = Waiting(channel, frame)
            self._enqueue(waiting)

    def discard(self, channel: Channel) -> None:
        """Forget the channel's frames that wait; one that was begun goes on."""
        self._states.pop(channel, None)
        self._queue = deque(w for w in self._queue if w.channel != channel)
        self._bytes = sum(len(w.frame) for w in self._queue)

    def finish(self, frame: bytes) -> None:
        """Send *frame* as the last one, before all that waits, which is dropped."""
        if self._finished:
            return
        self._finished = True
        self._queue.clear()
        self._states.clear()
        self._bytes = 0
        if self._remainder:
            self._enqueue(Waiting(None, frame))
        else:
            self._begin(frame)

    def flush(self) -> bool:
        """Write what waits until the kernel takes no more; True when nothing is left."""
        while self._remainder:
            taken = self._write(self._remainder)
            self._remainder = self._remainder[taken:]
            if self._remainder:
                return False
            if self._queue:
                self._remainder = self._next()
        return True

    def _begin(self, frame: bytes) -> None:
        taken = self._write(frame)
        if taken < len(frame):
            self._remainder = frame[taken:]
            self._on_blocked()

    def _next(self) -> bytes:
        waiting = self._queue.popleft()
        self._bytes -= len(waiting.frame)
        if waiting.channel is not None:
            self._states.pop(waiting.channel, None)
        return waiting.frame if waiting.updates == 1 else conflated(waiting.frame, waiting.updates)

    def _enqueue(self, waiting: Waiting) -> None:
        self._queue.append(waiting)
        self._bytes += len(waiting.frame)
        if len(self._queue) > self._limits.queue_frames or self._bytes > self._limits.queue_bytes:
            self._on_overflow()
