"""gunicorn's gevent worker, with a short way for those who open a socket.

After a restart thousands come back at once. gunicorn's parser and the environment it makes
cost as much as everything else together, for a request of which twelve headers are read; so
the plain case, a whole `GET /ws` as the first thing on a connection, is read here. All other
requests go gunicorn's way, unread: what is not understood here is never guessed at.
"""

import socket
from typing import Any

import gevent
from gunicorn.workers.ggevent import GeventWorker

from web.relay.gate import PATH

HEAD_BYTES = 4096
REQUEST_LINE = f"GET {PATH} HTTP/1.1\r\n".encode()
HEAD_END = b"\r\n\r\n"


class RelayWorker(GeventWorker):  # type: ignore[misc]
    """Serves sockets first of all."""

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Serve one connection."""
        if self.cfg.is_ssl or self.cfg.proxy_protocol != "off":
            super().handle(listener, client, addr)
            return
        try:
            environ = self._upgrade(listener, client, addr)
        except OSError:
            client.close()
            return
        if environ is None:
            super().handle(listener, client, addr)
            return
        try:
            self._answer(environ, client)
        except OSError:
            self.log.debug("a browser left during its handshake")
        finally:
            client.close()

    def _upgrade(self, listener: Any, client: Any, addr: Any) -> dict[str, Any] | None:
        """Return the environment of a request for a socket, and read it; None for another."""
        head = b""
        with gevent.Timeout(self.cfg.keepalive, False):
            head = client.recv(HEAD_BYTES, socket.MSG_PEEK)
        fields = fields_of(head)
        if fields is None:
            return None
        client.recv(head.index(HEAD_END) + len(HEAD_END))
        name = listener.getsockname()
        host, port = name[:2] if isinstance(name, tuple) else ("localhost", 80)
        return {
            **fields,
            "REQUEST_METHOD": "GET",
            "PATH_INFO": PATH,
            "SERVER_NAME": host,
            "SERVER_PORT": str(port),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": addr[0] if isinstance(addr, tuple) else "",
            "wsgi.url_scheme": "http",
            "gunicorn.socket": client,
        }

    def _answer(self, environ: dict[str, Any], client: Any) -> None:
        """Have the application serve the socket, or write its refusal."""
        lines: list[str] = []

        def start_response(status: str, headers: list[tuple[str, str]]) -> None:
            lines.append(f"HTTP/1.1 {status}")
            lines.extend(f"{name}: {value}" for name, value in headers)

        try:
            body = b"".join(self.wsgi(environ, start_response))
        except StopIteration:  # It was a socket, which has ended.
            return
        client.sendall("\r\n".join([*lines, "", ""]).encode() + body)


def fields_of(head: bytes) -> dict[str, str] | None:
    """Return the headers of a whole plain request for a socket, as WSGI names them."""
    if not (head.startswith(REQUEST_LINE) and HEAD_END in head):
        return None
    fields: dict[str, str] = {}
    text = head[len(REQUEST_LINE) : head.index(HEAD_END)].decode("latin-1")
    for line in text.split("\r\n"):
        name, colon, value = line.partition(":")
        if not colon or not name.replace("-", "").isalnum() or not name.isascii():
            return None
        if not value.isprintable() and "\t" not in value:
            return None
        key = f"HTTP_{name.upper().replace('-', '_')}"
        value = value.strip(" \t")
        fields[key] = f"{fields[key]},{value}" if key in fields else value
    if "HTTP_CONTENT_LENGTH" in fields or "HTTP_TRANSFER_ENCODING" in fields:
        return None
    return fields
