"""The door to `/ws`, in front of Flask: who is refused is refused before the upgrade."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/ws"
RETRY_SECONDS = "5"


class Gate:
    """WSGI middleware that checks the upgrade, the origin and the room left.

    A client without an Origin is a script, which its ticket vouches for; a page's origin
    is set by the browser, so that a foreign page cannot use the cookie of somebody who
    happens to be signed in here.
    """

    def __init__(
        self, app: "WSGIApplication", *, origins: frozenset[str], full: Callable[[], bool]
    ) -> None:
        self._app = app
        self._origins = origins
        self._full = full

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Refuse, or pass on to Flask."""
        if environ["PATH_INFO"] != PATH:
            return self._app(environ, start_response)
        refusal = self._refusal(environ)
        if refusal is not None:
            return _refuse(start_response, *refusal)
        # Compressing costs 100 KB a socket and five times the CPU, and simple-websocket
        # accepts every offer; so it never sees one.
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        return self._app(environ, start_response)

    def _refusal(self, environ: "WSGIEnvironment") -> tuple[HTTPStatus, str] | None:
        if not _is_upgrade(environ):
            return HTTPStatus.UPGRADE_REQUIRED, "this address speaks WebSocket only"
        if len(environ.get("HTTP_SEC_WEBSOCKET_KEY", "")) != len("dGhlIHNhbXBsZSBub25jZQ=="):
            return HTTPStatus.BAD_REQUEST, "Sec-WebSocket-Key is missing or no key"
        origin = environ.get("HTTP_ORIGIN")
        if origin is not None and origin not in self._origins:
            return HTTPStatus.FORBIDDEN, f"pages of {origin} may not connect here"
        if self._full():
            return HTTPStatus.SERVICE_UNAVAILABLE, "this relay takes no more sockets now"
        return None


def _is_upgrade(environ: "WSGIEnvironment") -> bool:
    return (
        environ["REQUEST_METHOD"] == "GET"
        and environ.get("HTTP_UPGRADE", "").lower() == "websocket"
        and "upgrade" in environ.get("HTTP_CONNECTION", "").lower()
        and environ.get("HTTP_SEC_WEBSOCKET_VERSION") == "13"
    )


def _refuse(start_response: "StartResponse", status: HTTPStatus, detail: str) -> Iterable[bytes]:
    body = f"{detail}\n".encode()
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Connection", "close"),
    ]
    if status is HTTPStatus.UPGRADE_REQUIRED:
        headers += [("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")]
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append(("Retry-After", RETRY_SECONDS))
    start_response(f"{status.value} {status.phrase}", headers)
    return [body]
