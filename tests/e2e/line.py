"""A line to the pages that is slow, or cut in the middle of a request."""

import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Lock, Thread
from urllib.parse import urlsplit

CHUNK = 1 << 15
AT_ONCE = struct.pack("ii", 1, 0)


class Line:
    """Forwards TCP to a server, no faster than *rate* bytes a second on the way there."""

    def __init__(self, address: str, *, rate: float = float("inf")) -> None:
        parts = urlsplit(address)
        self._target = (parts.hostname or "", parts.port or 80)
        self.rate = rate
        self._whole = Event()
        self._whole.set()
        self._lock = Lock()
        self._open: set[socket.socket] = set()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self._threads: list[Thread] = []
        self._start(self._accept)

    def cut(self) -> None:
        """Break every connection, and take no other until `mend`."""
        self._whole.clear()
        with self._lock:
            for each in self._open:
                with suppress(OSError):
                    # Else a browser that is sending may not hear of it for a minute.
                    each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                    each.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self._whole.set()

    def close(self) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)  # Wakes who waits for a connection.
        self._server.close()
        self.cut()
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:  # Closed.
                return
            if not self._whole.is_set():
                near.close()
                continue
            try:
                far = socket.create_connection(self._target)
            except OSError:
                near.close()
                continue
            with self._lock:
                self._open |= {near, far}
            self._start(self._forward, near, far, True)
            self._start(self._forward, far, near, False)

    def _start(self, act: Callable[..., None], *given: object) -> None:
        self._threads.append(Thread(target=act, args=given, daemon=True))
        self._threads[-1].start()

    def _forward(self, source: socket.socket, target: socket.socket, there: bool) -> None:
        try:
            while data := source.recv(CHUNK):
                target.sendall(data)
                if there and len(data) > CHUNK // 4:
                    time.sleep(min(1.0, len(data) / self.rate))
        except OSError:
            pass
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._open.discard(source)
        source.close()
