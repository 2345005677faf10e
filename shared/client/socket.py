"""One socket to the relay: messages in, messages out, and why it ended."""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from types import MappingProxyType
from typing import Any

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import connect

from shared.domain.errors import UnavailableError

Message = dict[str, Any]

PROTOCOL = 1
_BROKE = 1005
_HANDSHAKE_SECONDS = 15.0

#: What the close codes of docs/events.md mean, in words.
MEANINGS: Mapping[int, str] = MappingProxyType(
    {
        1000: "the relay said goodbye",
        _BROKE: "the connection broke",
        1009: "a message was too big",
        1011: "something failed in the relay",
        1012: "the relay restarts",
        4400: "the relay did not understand a message",
        4401: "the ticket is used or expired, or the login is over",
        4403: "this client may not connect",
        4408: "an answer came too late",
        4409: "the account has too many sockets",
        4429: "this client read too slowly or sent too much",
        4503: "the relay has lost Redis or the database",
    }
)


class SocketClosedError(UnavailableError):
    """A socket that was open is not any more; `close_code` says why."""

    code = "socket_closed"

    def __init__(self, url: str, close_code: int) -> None:
        self.close_code = close_code
        meaning = MEANINGS.get(close_code, f"close code {close_code}")
        super().__init__(f"the relay at {url} closed the connection ({meaning})")


class RelaySocket:
    """An open socket; `receive` answers pings by itself."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._open = ExitStack()
        try:
            # The relay has pings of its own, messages it bounds itself, and no use for deflate.
            opening = connect(
                url,
                open_timeout=_HANDSHAKE_SECONDS,
                ping_interval=None,
                max_size=None,
                compression=None,
                proxy=None,
            )
            self._connection = self._open.enter_context(opening)
        except (OSError, WebSocketException) as failure:
            raise UnavailableError(
                f"the relay at {url} does not answer ({failure}): start `celltally up`"
            ) from failure

    def send(self, **message: object) -> None:
        """Send one message; raise SocketClosedError when nobody is there."""
        try:
            self._connection.send(json.dumps(message))
        except ConnectionClosed as closed:
            raise self._closed(closed) from closed

    def receive(self, seconds: float) -> Message | None:
        """Return the next message, a ping that was answered too; None when none came in time."""
        try:
            text = self._connection.recv(timeout=seconds)
        except TimeoutError:
            return None
        except ConnectionClosed as closed:
            raise self._closed(closed) from closed
        message: Message = json.loads(text)
        if message["m"] == "ping":
            self.send(m="pong")
        return message

    def close(self) -> None:
        """Say goodbye."""
        self._open.close()

    def _closed(self, closed: ConnectionClosed) -> SocketClosedError:
        """Return the error with the relay's code; 1005 when it broke without one."""
        return SocketClosedError(self._url, closed.rcvd.code if closed.rcvd else _BROKE)
