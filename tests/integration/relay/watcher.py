"""A browser that does what docs/events.md asks of one, and keeps what it saw."""

from contextlib import suppress
from time import monotonic
from typing import Any

from websockets.exceptions import WebSocketException

from tests.integration.relay.live import Live, RelayProcess, Socket


class Watcher:
    """Watches the project's images, resumes with `since`, drops what it has seen."""

    def __init__(self, live: Live, relays: list[RelayProcess]) -> None:
        self._live = live
        self._relays = relays
        self._at = -1
        self._socket: Socket | None = None
        self._last: tuple[str, int] | None = None
        self.seen: list[int] = []  #: The numbers of the messages, in the order they were shown.
        self.repeats = 0  #: Messages that came again and were dropped.
        self.unrecovered = 0  #: Times the relay said that it cannot tell what was missed.

    @property
    def relay(self) -> RelayProcess:
        """The relay it is connected to."""
        return self._relays[self._at % len(self._relays)]

    def begin(self) -> None:
        """Subscribe for the first time."""
        socket = self._connect()
        while self._last is None:
            self._take(socket.hear())

    def read_until(self, number: int, *, seconds: float = 60) -> None:
        """Read until the message *number* was seen, or cannot be any more."""
        deadline = monotonic() + seconds
        while (not self.seen or self.seen[-1] < number) and monotonic() < deadline:
            try:
                self._take((self._socket or self._connect()).hear(2))
            except TimeoutError:
                if self._socket is not None:
                    with suppress(WebSocketException):
                        self._socket.say(m="ping")
            except (WebSocketException, OSError, AssertionError):
                self._socket = None

    def _connect(self) -> Socket:
        self._at += 1  # To the other one, as an address that stands for both gives it.
        socket = self._live.signed_in(self.relay, self._live.alice)
        self._ask(socket)
        self._socket = socket
        return socket

    def _ask(self, socket: Socket) -> None:
        wish = {"ch": str(self._live.images)}
        if self._last is not None:
            wish["since"] = "{}:{}".format(*self._last)
        socket.say(m="sub", ref=1, subs=[wish])

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("ch") != str(self._live.images):
            return
        if message["m"] == "pub":
            self._show(message)
        elif message["m"] == "resync" and self._socket is not None:
            self._ask(self._socket)
        elif message["m"] == "subbed":
            if not message["recovered"]:
                self.unrecovered += 1
                self._last = _position(message)
            for pub in message.get("pubs", ()):
                self._show(pub)
            self._last = self._last or _position(message)

    def _show(self, pub: dict[str, Any]) -> None:
        epoch, offset = _position(pub)
        if self._last is not None and self._last[0] == epoch and offset <= self._last[1]:
            self.repeats += 1
            return
        self._last = (epoch, offset)
        self.seen += [image["version"] for image in pub["data"]["images"]]


def _position(message: dict[str, Any]) -> tuple[str, int]:
    epoch, offset = message["id"].split(":")
    return epoch, int(offset)
