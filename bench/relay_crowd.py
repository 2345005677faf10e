"""Many browsers in one process: they open sockets, count what they receive, and when.

One epoll loop scans frames no further than it must, so that the crowd costs less than the
server it measures. Every message that is counted carries the CLOCK_MONOTONIC microsecond at
which it was published, as its `version`. `relay_commands.py` runs a crowd beside the benchmark.
"""

import socket
import time
import zlib
from array import array
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from select import EPOLLIN, EPOLLOUT, epoll
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zlib import _Decompress as Inflater

_OPENING = 200  #: Sockets that are on their way at a time.
_READ_BYTES = 1 << 16
_STAMP = b'"version":'
_PUBS = (b'{"m":"pub"', b'42["pub"')  #: Ours, and that of Socket.IO.
_PONGS = {b'{"m":"ping"}': b'{"m":"pong"}', b"2": b"3"}
_CLOSE = 8
_COMPRESSED = 0x40  #: The bit of a frame that says so,
_FLUSHED = b"\x00\x00\xff\xff"  #: and what is left out at its end.


def masked(payload: bytes) -> bytes:
    """Return a client's text frame; the mask is zero, which leaves the payload as it is."""
    size = len(payload)
    if size < 126:
        head = bytes((0x81, 0x80 | size))
    elif size < 1 << 16:
        head = bytes((0x81, 0x80 | 126)) + size.to_bytes(2, "big")
    else:
        raise ValueError("a client's message is short")
    return head + bytes(4) + payload


@dataclass(frozen=True, slots=True)
class Visit:
    """What a browser says once it is let in, and the text that tells that it is ready."""

    messages: tuple[bytes, ...]
    ready: bytes = b'"m":"welcome"'
    deflate: bool = False  #: Offers compression, as every real browser does.
    path: str = "/ws"


class Browser:
    """One socket of the crowd."""

    __slots__ = ("connected", "inflater", "ready", "rest", "socket", "upgraded", "visit")

    def __init__(self, opened: socket.socket, visit: Visit) -> None:
        self.socket = opened
        self.visit = visit
        self.connected = False
        self.upgraded = False
        self.ready = False
        self.rest = b""
        self.inflater: Inflater | None = None

    def inflated(self, payload: bytes) -> bytes:
        """Return what a compressed message says (RFC 7692); the window lasts as the socket does."""
        if self.inflater is None:
            self.inflater = zlib.decompressobj(wbits=-15)
        return self.inflater.decompress(payload + _FLUSHED)


class Crowd:
    """All sockets of one process."""

    def __init__(self, port: int) -> None:
        self._address = ("127.0.0.1", port)
        self._epoll = epoll()
        self._browsers: dict[int, Browser] = {}
        self._order: list[Browser] = []
        self._opening = 0
        self.ready = 0
        self.closes: Counter[int] = Counter()  #: By code; 0 for a socket that broke.
        self.received = 0
        self.last_at = 0.0
        self.latencies = array("d")  #: Milliseconds.

    def open(self, visits: Iterable[Visit], *, seconds: float) -> float:
        """Open a socket for each visit; return how long it took until the last was ready."""
        waiting = list(visits)[::-1]
        began, wanted = time.monotonic(), self.ready + len(waiting)
        while self.ready < wanted and time.monotonic() - began < seconds:
            while waiting and self._opening < _OPENING:
                self._begin(waiting.pop())
            self._turn(0.2)
            if self.closes:
                break
        return time.monotonic() - began

    def forget(self) -> None:
        """Begin to count anew."""
        self.received, self.last_at = 0, 0.0
        self.latencies = array("d")

    def collect(self, expected: int, *, seconds: float) -> None:
        """Read until so many messages came, or nothing came for *seconds*."""
        self.last_at = time.monotonic()
        while self.received < expected and time.monotonic() - self.last_at < seconds:
            self._turn(0.1)

    def idle(self, until: Callable[[], bool]) -> None:
        """Answer pings and drop what comes until told otherwise."""
        while not until():
            self._turn(0.05)

    def stall(self, index: int) -> None:
        """Have one browser read nothing more."""
        self._epoll.unregister(self._order[index].socket.fileno())

    def close(self) -> None:
        """Hang up everywhere."""
        for browser in self._order:
            browser.socket.close()
        self._epoll.close()

    def _begin(self, visit: Visit) -> None:
        opened = socket.socket()
        opened.setblocking(False)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.connect_ex(self._address)
        browser = Browser(opened, visit)
        self._browsers[opened.fileno()] = browser
        self._order.append(browser)
        self._opening += 1
        self._epoll.register(opened.fileno(), EPOLLOUT)

    def _turn(self, timeout: float) -> None:
        for fd, _ in self._epoll.poll(timeout):
            browser = self._browsers[fd]
            if browser.connected:
                self._read(fd, browser)
            else:
                self._knock(fd, browser)

    def _knock(self, fd: int, browser: Browser) -> None:
        browser.connected = True
        offer = "permessage-deflate; client_max_window_bits"
        try:
            browser.socket.send(
                (
                    f"GET {browser.visit.path} HTTP/1.1\r\nHost: 127.0.0.1:{self._address[1]}\r\n"
                    "Connection: Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n"
                    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\n"
                    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                    "Accept-Encoding: gzip, deflate, br\r\nAccept-Language: en-GB,en;q=0.9\r\n"
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                    + (f"Sec-WebSocket-Extensions: {offer}\r\n" if browser.visit.deflate else "")
                    + "\r\n"
                ).encode()
            )
        except OSError:
            self._gone(fd, browser, 0)
        else:
            self._epoll.modify(fd, EPOLLIN)

    def _read(self, fd: int, browser: Browser) -> None:
        try:
            data = browser.socket.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._gone(fd, browser, 0)
        elif browser.upgraded:
            self._frames(fd, browser, browser.rest + data if browser.rest else data)
        else:
            self._enter(fd, browser, browser.rest + data)

    def _enter(self, fd: int, browser: Browser, data: bytes) -> None:
        head, end, rest = data.partition(b"\r\n\r\n")
        browser.rest = data
        if not end:
            return
        if b" 101 " not in head[:20]:
            self._gone(fd, browser, int(head[9:12]))
            return
        browser.upgraded = True
        browser.socket.send(b"".join(map(masked, browser.visit.messages)))
        self._frames(fd, browser, rest)

    def _frames(self, fd: int, browser: Browser, data: bytes) -> None:
        at, end = 0, len(data)
        while end - at >= 2:
            size, start = data[at + 1], at + 2
            if size >= 126:
                start += 2 if size == 126 else 8
                if end < start:
                    break
                size = int.from_bytes(data[at + 2 : start], "big")
            stop = start + size
            if stop > end:
                break
            if data[at] & _COMPRESSED:
                message = browser.inflated(data[start:stop])
                if message.startswith(_PUBS):
                    self._count(message, 0, len(message))
                else:
                    self._hear(browser, message)
            elif data.startswith(_PUBS, start):
                self._count(data, start, stop)
            elif data[at] & 15 == _CLOSE:
                self._gone(fd, browser, int.from_bytes(data[start : start + 2], "big"))
                return
            else:
                self._hear(browser, data[start:stop])
            at = stop
        browser.rest = data[at:]

    def _count(self, data: bytes, start: int, stop: int) -> None:
        now = time.monotonic()
        at = data.find(_STAMP, start, stop) + len(_STAMP)
        digits = data[at : at + 20].split(b",", 1)[0].split(b"}", 1)[0]
        self.latencies.append(now * 1e3 - int(digits) / 1e3)
        self.received += 1
        self.last_at = now

    def _hear(self, browser: Browser, message: bytes) -> None:
        if (pong := _PONGS.get(message)) is not None:
            browser.socket.send(masked(pong))
        elif not browser.ready and browser.visit.ready in message:
            browser.ready = True
            self.ready += 1
            self._opening -= 1

    def _gone(self, fd: int, browser: Browser, code: int) -> None:
        self.closes[code] += 1
        if browser.ready:
            self.ready -= 1
        else:
            self._opening -= 1
        del self._browsers[fd]
        browser.socket.close()
