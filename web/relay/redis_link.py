"""The one pub/sub connection of a relay process.

redis-py's own PubSub is not used: it does not notice a half-open link, and when a link
breaks it reconnects without telling anybody that something was missed.
"""

import logging
import time
from collections.abc import Callable, Sequence
from threading import Event, Lock, Thread
from typing import Any, Protocol

from redis.exceptions import RedisError

from shared.domain.errors import UnavailableError
from web.relay.gathering import Gathered

logger = logging.getLogger(__name__)

NAMES_PER_COMMAND = 500
MESSAGES_PER_TURN = 100  #: Then other greenlets have theirs, though more may be buffered.
RETRY_SECONDS = 0.5


class Wire(Protocol):
    """A connection as redis-py has it: unopened at first, and open again after `connect`."""

    def connect(self) -> None: ...

    def disconnect(self) -> None: ...

    def send_command(self, *arguments: Any, **options: Any) -> None: ...

    def read_response(self) -> Any: ...


class Listener(Protocol):
    """Whom a link tells; both are called on the reading thread and must not wait."""

    def arrived(self, name: bytes, published: bytes) -> None: ...

    def restored(self) -> None:
        """Everything is subscribed (again); messages may have been missed before."""
        ...


class RedisLink:
    """Keeps names subscribed, and says when messages may have been missed.

    One thread reads; any may send. `wire` is to raise after a silence that the relay's own
    ticks make impossible on a link that works: that is the watchdog.
    """

    def __init__(
        self,
        wire: Wire,
        listener: Listener,
        *,
        tick_name: str,
        confirm_seconds: float,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._wire = wire
        self._tick_name = tick_name
        self._listener = listener
        self._confirm_seconds = confirm_seconds
        self._sleep = sleep
        self._sending = Lock()
        self._subscribe = Gathered(self._subscribe_all)
        self._open = False
        self._wanted: dict[str, Event] = {tick_name: Event()}  #: Set when confirmed.
        self._unconfirmed: set[str] = set()  #: Of those asked for when the link opened.
        self._lost_at: float | None = time.monotonic()

    @property
    def alive(self) -> bool:
        """Whether Redis confirmed that it tells us what is published."""
        return self._lost_at is None

    def lost_for(self, now: float) -> float:
        """Return for how many seconds nothing was heard of Redis."""
        return 0.0 if self._lost_at is None else now - self._lost_at

    def keep(self, name: str) -> None:
        """Hear messages on *name* from the start on, before any that is asked for later."""
        self._wanted[name] = Event()

    def start(self) -> None:
        """Begin to read on a thread of its own."""
        Thread(target=self.run, name="redis-link", daemon=True).start()

    def run(self) -> None:
        """Connect and read, and connect again whenever the link breaks, for ever."""
        while True:
            try:
                self._connect()
                self._pump()
            except (RedisError, OSError) as lost:
                worked = self.alive
                self._break(lost)
                if not worked:  # After a cut the first try comes at once: each moment counts.
                    self._sleep(RETRY_SECONDS)

    def ensure(self, name: str) -> None:
        """Return once Redis confirmed that messages on *name* come here."""
        confirmed = self._wanted.get(name)
        if confirmed is None:
            confirmed = self._wanted[name] = Event()
            self._subscribe(name)
        if not confirmed.wait(self._confirm_seconds):
            raise UnavailableError("live updates are away for the moment, try again")

    def _subscribe_all(self, names: Sequence[str]) -> list[None]:
        """Subscribe to *names* in one command.

        Waits for the last to be confirmed, so that those who ask meanwhile go together; but
        not while the link is down, or they would wait one batch after the other.
        """
        self._send("SUBSCRIBE", list(names))
        if self._open and (last := self._wanted.get(names[-1])) is not None:
            last.wait(self._confirm_seconds)
        return [None] * len(names)

    def drop(self, names: list[str]) -> None:
        """Hear no more of *names*."""
        for name in names:
            self._wanted.pop(name, None)
        if names:
            self._send("UNSUBSCRIBE", names)

    def _connect(self) -> None:
        self._wire.connect()
        self._unconfirmed = set(self._wanted)
        self._open = True
        self._send("SUBSCRIBE", list(self._wanted))

    def _pump(self) -> None:
        turn = 0
        while True:
            kind, name, data = self._wire.read_response()
            if kind == b"message":
                self._dispatch(name, data)
            elif kind == b"subscribe":
                self._confirm(name.decode())
            turn += 1
            if turn % MESSAGES_PER_TURN == 0:
                self._sleep(0)

    def _dispatch(self, name: bytes, data: bytes) -> None:
        if name == self._tick_name.encode():
            return
        try:
            self._listener.arrived(name, data)
        except Exception:
            logger.exception("a message on %r could not be delivered", name)

    def _confirm(self, name: str) -> None:
        if (confirmed := self._wanted.get(name)) is not None:
            confirmed.set()
        if name in self._unconfirmed:
            self._unconfirmed.discard(name)
            if not self._unconfirmed:
                self._lost_at = None
                self._listener.restored()

    def _break(self, cause: Exception) -> None:
        if self._lost_at is None:
            logger.warning("the link to Redis broke: %s", cause)
            self._lost_at = time.monotonic()
        self._open = False
        self._wire.disconnect()
        for confirmed in self._wanted.values():
            confirmed.clear()  # Whoever waits goes on waiting for the next link.

    def _send(self, command: str, names: list[str]) -> None:
        """Send unless the link is down; opening it subscribes to all that is wanted."""
        for first in range(0, len(names), NAMES_PER_COMMAND):
            with self._sending:
                if not self._open:
                    return
                try:
                    some = names[first : first + NAMES_PER_COMMAND]
                    self._wire.send_command(command, *some, check_health=False)
                except (RedisError, OSError) as lost:
                    # The reading thread sees the same and connects again.
                    logger.info("%s was not sent: %s", command, lost)
                    return
