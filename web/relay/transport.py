"""The socket below a session: simple-websocket made it, gevent waits on it.

simple-websocket takes the handshake and wsproto reads what comes in. What goes out does
not pass through them: simple-websocket starts a second greenlet for each socket that
writes beside us, and its `send` loses the rest of a frame that the kernel takes in parts.
"""

import contextlib
import socket
from typing import Any, Protocol

import gevent
from gevent.socket import wait_write
from simple_websocket import Server
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, TextMessage
from wsproto.frame_protocol import CloseReason

from web.relay.frames import Opcode, close_frame, frame
from web.relay.inbox import Inbox
from web.relay.limits import Limits
from web.relay.protocol import CloseCode

RECEIVE_BYTES = 4096
DEAD_PEER_MILLISECONDS = 20_000


class NoReader:
    """Takes the place of simple-websocket's reading thread: the session itself reads."""

    name = ""

    def __init__(self, target: object) -> None:
        pass

    def start(self) -> None:
        pass


class Conversation(Protocol):
    """Who a connection speaks for; see `web.relay.session`."""

    def receive(self, text: str) -> None: ...

    def refuse(self, close: CloseCode, *, code: str, detail: str) -> None: ...

    def close(self, code: CloseCode, reason: str) -> None: ...


class GeventConnection:
    """One socket; only its own greenlet reads, and every write passes through its inbox."""

    def __init__(self, server: Server, limits: Limits) -> None:
        self._server = server
        self._socket: Any = server.sock
        self._limits = limits
        self._session: Conversation | None = None
        self._text: list[str] = []  #: Of a message whose end has not come yet.
        self._text_size = 0
        self._finished = False
        self._ended = False
        self._flusher: gevent.Greenlet | None = None
        self.inbox = Inbox(
            self._write,
            limits=limits,
            on_blocked=self._flush_later,
            on_overflow=self._too_slow,
        )
        _tune(self._socket, limits)

    def run(self, session: Conversation) -> None:
        """Read until the browser is gone, giving each message to *session*."""
        self._session = session
        try:
            while not self._ended and (received := self._receive()):
                self._server.ws.receive_data(received)
                for event in self._server.ws.events():
                    self._act_on(event, session)
        finally:
            self._server.connected = False  # Or flask-sock would send a close frame of its own.
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

    def _act_on(self, event: Event, session: Conversation) -> None:
        match event:
            case CloseConnection():
                self._ended = True
                self.close(_answering(event.code), "")
            case _ if self._finished:
                pass  # We said goodbye and only wait for the answer.
            case Ping():
                self.inbox.send(frame(Opcode.PONG, bytes(event.payload)))
            case TextMessage():
                self._collect(event, session)
            case BytesMessage():
                detail = "messages are text, this one is binary"
                session.refuse(CloseCode.BAD_MESSAGE, code="malformed", detail=detail)

    def _collect(self, event: TextMessage, session: Conversation) -> None:
        self._text.append(event.data)
        self._text_size += len(event.data.encode())
        if self._text_size > self._limits.message_bytes:
            self._text.clear()
            detail = f"a message has {self._limits.message_bytes} bytes at most"
            session.refuse(CloseCode.TOO_BIG, code="too_big", detail=detail)
        elif event.message_finished:
            text = "".join(self._text)
            self._text.clear()
            self._text_size = 0
            session.receive(text)

    def _receive(self) -> bytes:
        try:
            received: bytes = self._socket.recv(RECEIVE_BYTES)
        except OSError:
            return b""
        return received

    def _write(self, whole: bytes) -> int:
        try:
            taken: int = self._socket.send(whole, 0, 0.0)  # gevent: 0.0 is "do not wait".
        except BlockingIOError:
            return 0
        except OSError:
            self.abort()
            return len(whole)  # Nobody will read it; nothing is left to write.
        return taken

    def _flush_later(self) -> None:
        self._flusher = gevent.spawn(self._flush)

    def _flush(self) -> None:
        while not self.inbox.flush():
            try:
                wait_write(self._socket.fileno(), timeout=self._limits.stalled_seconds)
            except TimeoutError:
                self._too_slow()

    def _too_slow(self) -> None:
        if self._session is not None:
            self._session.close(CloseCode.TOO_MUCH, "this browser reads too slowly")


def _answering(code: int) -> int:
    """Return the code to answer a close with; some may not be sent."""
    unsent = (CloseReason.NO_STATUS_RCVD, CloseReason.ABNORMAL_CLOSURE)
    return CloseCode.NORMAL if code in unsent else code


def _tune(connected: Any, limits: Limits) -> None:
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, limits.send_buffer_bytes)
    if connected.family != socket.AF_UNIX:
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_PEER_MILLISECONDS)
