"""What waits for one browser."""

import time
from collections import deque
from collections.abc import Callable, Iterable

from shared.domain.channels import Channel
from web.relay.frames import conflated, text_frame
from web.relay.limits import Limits
from web.relay.metrics import Metrics
from web.relay.pacing import Pace
from web.relay.protocol import message
from web.relay.waiting import Waiting


class Inbox:
    """The bounded queue of one socket; empty as long as the browser keeps up.

    A frame is written at once, without waiting. What the kernel does not take becomes the
    remainder, and only then do frames queue: of a state channel the newest alone, of
    others each. Events that do not fit any more are dropped with all that wait of their
    channel, and the browser is told once to ask for what it missed. A frame that was begun
    is always finished. `write` takes what it can and returns how much, or raises
    BlockingIOError; `on_blocked` must call `flush` when there is room again; `on_overflow`
    is called when the browser is too slow even so.
    """

    __slots__ = (
        "_bytes",
        "_finished",
        "_limits",
        "_lost",
        "_metrics",
        "_on_blocked",
        "_on_overflow",
        "_open",
        "_pace",
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
        pace: Pace | None = None,
    ) -> None:
        self._write = write
        self._limits = limits
        self._on_blocked = on_blocked
        self._on_overflow = on_overflow
        self._pace = pace
        self._metrics = Metrics() if pace is None else pace.metrics
        self._open = True  #: Nothing waits, is lost or was said last: the question of most sends.
        self._finished = False
        self._remainder = b""
        self._queue: deque[Waiting] | None = None  #: Made when first needed: most never are.
        self._states: dict[Channel, Waiting] = {}
        self._lost: set[Channel] = set()  #: Event channels that were told to ask again.
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._queue or ())

    @property
    def waiting_bytes(self) -> int:
        """How many bytes wait beyond the frame that was begun."""
        return self._bytes

    def send(self, frame: bytes, channel: Channel | None = None) -> None:
        """Send *frame* after everything before it; *channel* is whose event it is."""
        if not self._open:
            if self._finished or channel in self._lost:
                return
            if self._remainder:
                self._enqueue(Waiting(channel, frame))
                return
        self._put(frame)

    def send_state(self, channel: Channel, frame: bytes) -> None:
        """Send *frame* as the channel's newest value, now or when its turn comes."""
        if self._pace is None or self._pace.admits(channel, frame, self._release):
            self._send_newest(channel, frame, 1)

    def hide(self, hidden: bool) -> None:
        """Note whether anybody can see the page; who looks again is told at once."""
        if self._pace is not None:
            self._pace.hide(hidden)
            self._release()

    def discard(self, channel: Channel) -> None:
        """Forget the channel's frames that wait; one that was begun goes on."""
        self._states.pop(channel, None)
        self._lost.discard(channel)
        if self._pace is not None:
            self._pace.forget(channel)
        if self._queue:
            self._drop(channel)
        self._settle()

    def finish(self, frame: bytes) -> None:
        """Send *frame* as the last one, before all that waits, which is dropped."""
        if self._finished:
            return
        self._states.clear()
        self._queue, self._bytes = None, 0
        if self._pace is not None:
            self._pace.stop()
        if self._remainder:
            self._queue = deque([Waiting(None, frame)])
        else:
            self.send(frame)
        self._finished, self._open = True, False

    def flush(self) -> bool:
        """Write what waits until the kernel takes no more; True when nothing is left."""
        while self._remainder:
            try:
                taken = self._write(self._remainder)
            except BlockingIOError:
                taken = 0
            except OSError:
                self._break()
                return True
            self._remainder = self._remainder[taken:]
            if self._remainder:
                self._check_age()
                return False
            if self._queue:
                self._remainder = self._next(self._queue)
        self._settle()
        return True

    def _release(self) -> None:
        if self._pace is not None:
            for held in self._pace.released(self._release):
                if held.channel is not None:
                    self._send_newest(held.channel, held.frame, held.updates)

    def _send_newest(self, channel: Channel, frame: bytes, updates: int) -> None:
        if not self._remainder:
            self.send(frame if updates == 1 else self._conflated(frame, updates))
        elif (waiting := self._states.get(channel)) is not None:
            self._bytes += len(frame) - len(waiting.frame)
            waiting.replace(frame, updates)
        elif not self._finished:
            waiting = Waiting(channel, frame, is_state=True, updates=updates)
            self._states[channel] = waiting
            self._enqueue(waiting)

    def _conflated(self, frame: bytes, updates: int) -> bytes:
        self._metrics.conflated += updates - 1
        return conflated(frame, updates)

    def _put(self, frame: bytes) -> None:
        """Write a frame before which nothing waits."""
        try:
            taken = self._write(frame)
        except OSError as failure:
            self._not_taken(frame, failure)
        else:
            if taken < len(frame):
                self._block(frame[taken:])

    def _not_taken(self, frame: bytes, failure: OSError) -> None:
        if isinstance(failure, BlockingIOError):
            self._block(frame)
        else:
            self._break()

    def _settle(self) -> None:
        # What is lost stays lost until the browser asks: a later event would hide the gap.
        self._open = not (self._finished or self._remainder or self._lost)

    def _break(self) -> None:
        """Write no more: nobody reads it, and whoever reads from the browser learns of it too."""
        self._finished, self._open = True, False
        self._remainder, self._queue = b"", None

    def _block(self, remainder: bytes) -> None:
        self._remainder = remainder
        self._open = False
        self._on_blocked()

    def _next(self, queue: deque[Waiting]) -> bytes:
        waiting = queue.popleft()
        self._bytes -= len(waiting.frame)
        if waiting.is_state and waiting.channel is not None:
            self._states.pop(waiting.channel, None)
        if waiting.updates == 1:
            return waiting.frame
        return self._conflated(waiting.frame, waiting.updates)

    def _enqueue(self, waiting: Waiting) -> None:
        if self._queue is None:
            self._queue = deque()
        self._queue.append(waiting)
        self._bytes += len(waiting.frame)
        if self._is_over_full() and waiting.channel is not None and not waiting.is_state:
            self._lose(waiting.channel)
        if self._is_over_full():
            self._on_overflow()

    def _is_over_full(self) -> bool:
        limits = self._limits
        return len(self) > limits.queue_frames or self._bytes > limits.queue_bytes

    def _lose(self, channel: Channel) -> None:
        """Have the browser ask again: what is missing cannot be told in part."""
        self._lost.add(channel)
        self._drop(channel)
        self._metrics.resyncs["overflow"] += 1
        self._enqueue(Waiting(None, text_frame(message("resync", ch=str(channel)))))

    def _drop(self, channel: Channel) -> None:
        self._queue = deque(w for w in self._queue or () if w.channel != channel)
        self._bytes = sum(len(w.frame) for w in self._queue)

    def _check_age(self) -> None:
        if not self._queue or self._finished:
            return
        if time.monotonic() - self._queue[0].since > self._limits.stalled_seconds:
            self._on_overflow()


def send_to_all(inboxes: Iterable[Inbox], frame: bytes, channel: Channel) -> None:
    """Send one frame to each as `Inbox.send` does, in one loop: calls cost as much as writing.

    What an inbox does for itself is here written out for those that keep up, who are nearly all.
    """
    size = len(frame)
    for inbox in inboxes:
        if not inbox._open:
            inbox.send(frame, channel)
            continue
        write = inbox._write  # As an attribute of its own: CPython 3.11 finds a method slower.
        try:
            taken = write(frame)
        except OSError as failure:
            inbox._not_taken(frame, failure)
        else:
            if taken < size:
                inbox._block(frame[taken:])
