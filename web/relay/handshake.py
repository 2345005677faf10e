"""From the request of a browser to its socket: the flask-sock route, and what runs after it.

Whoever connects after a restart connects together with everybody else, so an upgrade takes
the short way: Flask is asked for the route's context alone, flask-sock and simple-websocket
answer the browser, and then all of them, the request too, are let go. What stays for as long
as the socket lives is the socket, its session and one greenlet.
"""

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import flask_sock
from flask import Flask
from flask_sock import Sock
from simple_websocket import Server
from wsproto.utilities import generate_accept_token

from web.relay.gate import PATH
from web.relay.relay import Relay
from web.relay.session import Session
from web.relay.transport import GeventConnection

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

logger = logging.getLogger(__name__)

#: What the route and the handshake read of a request. No offer to compress is among it:
#: that costs 100 KB a socket and five times the CPU, and simple-websocket accepts every one.
NEEDED = (
    "REQUEST_METHOD",
    "PATH_INFO",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PROTOCOL",
    "wsgi.url_scheme",
    "gunicorn.socket",
    "HTTP_HOST",
    "HTTP_UPGRADE",
    "HTTP_CONNECTION",
    "HTTP_SEC_WEBSOCKET_KEY",
    "HTTP_SEC_WEBSOCKET_VERSION",
)
ENDPOINT = "socket"
ANSWER = (
    b"HTTP/1.1 101 Switching Protocols\r\n"
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %b\r\n\r\n"
)


class NoReader:
    """Takes the place of simple-websocket's reading thread: the session itself reads."""

    name = ""

    def __init__(self, target: object) -> None:
        pass

    def start(self) -> None:
        pass


class ShortServer(Server):  # type: ignore[misc]
    """Answers an upgrade whose headers the gate has seen to, without writing and parsing them anew.

    simple-websocket has an HTTP parser read the request that it writes out again for it, which
    took a sixth of a browser's whole way in (`make bench ONLY=relay.handshakes`).
    """

    def handshake(self) -> None:
        """Send the answer of RFC 6455, section 4.2.2; a fresh socket takes it at once."""
        accept = generate_accept_token(self.environ["HTTP_SEC_WEBSOCKET_KEY"].encode())
        self.sock.send(ANSWER % accept)
        self.connected = True


# flask-sock names the class that answers in its own module, and has no option for another.
flask_sock.Server = ShortServer


class Admission:
    """A WSGI application that turns an upgrade into a socket and stays until it ends."""

    def __init__(self, app: Flask, relay: Relay) -> None:
        self._app = app
        self._relay = relay
        app.config["SOCK_SERVER_OPTIONS"] = {"thread_class": NoReader, "event_class": object}
        Sock(app).route(PATH, endpoint=ENDPOINT)(_hand_over)
        self._answer = app.view_functions[ENDPOINT]

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Serve one socket; its greenlet is this call."""
        accepted = self._accept(environ)
        # gunicorn keeps the request until we return: hours, and several KB each.
        environ.clear()
        serve(accepted, self._relay)
        raise StopIteration  # As gunicorn is told that there is no response to write.

    def _accept(self, environ: "WSGIEnvironment") -> Any:
        request = {name: environ[name] for name in NEEDED if name in environ}
        try:
            with self._app.request_context(request):
                self._answer()
        except HandedOverError as handed_over:
            return handed_over.accepted
        raise RuntimeError("flask-sock did not call the route")


class HandedOverError(Exception):
    """Leaves the route before flask-sock closes the socket and makes a response for it."""

    def __init__(self, accepted: Any) -> None:
        super().__init__()
        self.accepted = accepted


def _hand_over(server: Server) -> None:
    raise HandedOverError(server.sock)


def serve(accepted: Any, relay: Relay) -> None:
    """Speak with a browser until it is gone."""
    connection = GeventConnection(accepted, relay)
    session = Session(relay, connection)
    relay.registry.add(session)
    try:
        connection.run(session)
    except Exception:
        logger.exception("a socket failed")
    finally:
        session.left()
