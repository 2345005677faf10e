"""A forwarder of TCP that tests cut in the middle of everything, and mend."""

import socket
from contextlib import suppress
from threading import Event, Thread


class CuttableLink:
    """Listens on a port of this machine and forwards to another."""

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._whole = Event()
        self._whole.set()
        self._sockets: list[socket.socket] = []
        Thread(target=self._serve, daemon=True).start()

    def cut(self) -> None:
        """Break every connection in the middle, and refuse new ones."""
        self._whole.clear()
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._sockets.clear()

    def mend(self) -> None:
        """Let connections through again."""
        self._whole.set()

    def close(self) -> None:
        """End for good."""
        self.cut()
        self._server.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._server.accept()
                if not self._whole.is_set():
                    near.close()
                    continue
                try:
                    far = socket.create_connection(self._target)
                except OSError:  # The relay is away; the next may find it.
                    near.close()
                    continue
                self._sockets += [near, far]
                for source, target in ((near, far), (far, near)):
                    Thread(target=_forward, args=(source, target), daemon=True).start()


def _forward(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError), source, target:
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
