"""The socket below a session: simple-websocket made it, gevent waits on it.

flask-sock and simple-websocket take the handshake, and are let go after it: they would
start a second greenlet for each socket that writes beside us, keep a parser and its buffers
as long as the socket lives, and lose the rest of a frame that the kernel takes in parts.
"""

import contextlib
import socket
from typing import Any, Protocol

import gevent
from gevent.socket import wait_write

from web.relay.frames import Opcode, close_frame, frame
from web.relay.inbox import Inbox
from web.relay.incoming import Decoder, Incoming, TooBigError
from web.relay.pacing import Pace
from web.relay.protocol import CloseCode, MalformedError
from web.relay.relay import Relay

RECEIVE_BYTES = 4096
DEAD_PEER_MILLISECONDS = 20_000
_CODE_BYTES = 2
_UNSENT_CODES = (1005, 1006)  #: Stand for "no code" and "no close frame"; nobody sends them.


class Conversation(Protocol):
    """Who a connection speaks for; see `web.relay.session`."""

    def receive(self, text: str) -> None: ...

    def refuse(self, close: CloseCode, *, code: str, detail: str) -> None: ...

    def close(self, code: CloseCode, reason: str) -> None: ...


class GeventConnection:
    """One socket; only its own greenlet reads, and every write passes through its inbox."""

    __slots__ = (
        "_decoder",
        "_ended",
        "_finished",
        "_flusher",
        "_limits",
        "_session",
        "_socket",
        "inbox",
    )

    def __init__(self, accepted: Any, relay: Relay) -> None:
        limits = relay.limits
        self._socket: Any = accepted
        self._limits = limits
        self._session: Conversation | None = None
        self._decoder: Decoder | None = Decoder(limits.message_bytes)
        self._finished = False
        self._ended = False
        self._flusher: gevent.Greenlet | None = None
        self.inbox = Inbox(
            # The kernel's own `send`: gevent's would wait, and costs as much again.
            accepted._sock.send,
            limits=limits,
            on_blocked=self._flush_later,
            on_overflow=self._too_slow,
            pace=Pace(limits, relay.wheel, relay.clock, relay.metrics),
        )
        _tune(accepted, limits)

    def run(self, session: Conversation) -> None:
        """Read until the browser is gone, giving each message to *session*."""
        self._session = session
        try:
            while not self._ended and (received := self._receive()):
                self._take(received, session)
        finally:
            if self._flusher is not None:
                self._flusher.kill()

    def close(self, code: int, reason: str) -> None:
        """Send a close frame after what was begun; send nothing more."""
        self._finished = True
        self.inbox.finish(close_frame(code, reason))

    def abort(self) -> None:
        """Cut the socket, which ends `run`."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _take(self, received: bytes, session: Conversation) -> None:
        if self._decoder is None:
            return  # Read on: to hang up with bytes unread would destroy our close on its way.
        try:
            for incoming in self._decoder.feed(received):
                self._act_on(incoming, session)
        except MalformedError as wrong:
            # What follows cannot be told apart any more, not even the answer to our close.
            self._decoder = None
            big = isinstance(wrong, TooBigError)
            close = CloseCode.TOO_BIG if big else CloseCode.BAD_MESSAGE
            session.refuse(close, code=wrong.code, detail=wrong.detail)

    def _act_on(self, incoming: Incoming, session: Conversation) -> None:
        opcode, payload = incoming
        if opcode == Opcode.CLOSE:
            self._ended = True
            self.close(_answering(payload), "")
        elif self._finished:
            pass  # We said goodbye and only wait for the answer.
        elif opcode == Opcode.TEXT:
            session.receive(_text_of(payload))
        elif opcode == Opcode.PING:
            self.inbox.send(frame(Opcode.PONG, payload))
        elif opcode == Opcode.BINARY:
            raise MalformedError("messages are text, this one is binary")

    def _receive(self) -> bytes:
        try:
            received: bytes = self._socket.recv(RECEIVE_BYTES)
        except OSError:
            return b""
        return received

    def _flush_later(self) -> None:
        self._flusher = gevent.spawn(self._flush)

    def _flush(self) -> None:
        while not self.inbox.flush():
            try:
                wait_write(self._socket.fileno(), timeout=self._limits.stalled_seconds)
            except TimeoutError:
                self._too_slow()
            except OSError:
                return

    def _too_slow(self) -> None:
        if self._session is not None:
            self._session.close(CloseCode.TOO_MUCH, "this browser reads too slowly")


def _text_of(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError as wrong:
        raise MalformedError("a message is text in UTF-8") from wrong


def _answering(payload: bytes) -> int:
    """Return the code to answer a close with; some may not be sent."""
    code = int.from_bytes(payload[:_CODE_BYTES], "big")
    return CloseCode.NORMAL if len(payload) < _CODE_BYTES or code in _UNSENT_CODES else code


def _tune(connected: Any, limits: Any) -> None:
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, limits.send_buffer_bytes)
    if connected.family != socket.AF_UNIX:
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_PEER_MILLISECONDS)
