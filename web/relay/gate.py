"""The door to `/ws`, in front of Flask: who is refused is refused before the upgrade."""

from collections import Counter
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from web.relay.arrivals import Arrivals

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/ws"
RETRY_SECONDS = 5


class Gate:
    """WSGI middleware that checks the upgrade, the origin and the room left.

    A client without an Origin is a script, which its ticket vouches for; a page's origin
    is set by the browser, so that a foreign page cannot use the cookie of somebody who
    happens to be signed in here. Who passes is given to `admit`, everything else to *app*.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        admit: "WSGIApplication",
        *,
        origins: frozenset[str],
        full: Callable[[], bool],
        arrivals: Arrivals,
    ) -> None:
        self._app = app
        self._admit = admit
        self._origins = origins
        self._full = full
        self._arrivals = arrivals
        self.results: Counter[str] = Counter()  #: How often who came in, and who not and why.

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Refuse, admit, or pass on to Flask."""
        if environ["PATH_INFO"] != PATH:
            return self._app(environ, start_response)
        refusal = self._refusal(environ)
        if refusal is not None:
            self.results[refusal.result] += 1
            return _refuse(start_response, refusal)
        self.results["accepted"] += 1
        return self._admit(environ, start_response)

    def _refusal(self, environ: "WSGIEnvironment") -> "Refusal | None":
        if not _is_upgrade(environ):
            return Refusal(
                "no_upgrade", HTTPStatus.UPGRADE_REQUIRED, "only WebSocket is spoken here"
            )
        if len(environ.get("HTTP_SEC_WEBSOCKET_KEY", "")) != len("dGhlIHNhbXBsZSBub25jZQ=="):
            detail = "Sec-WebSocket-Key is missing or no key"
            return Refusal("no_key", HTTPStatus.BAD_REQUEST, detail)
        origin = environ.get("HTTP_ORIGIN")
        if origin is not None and origin not in self._origins:
            detail = f"pages of {origin} may not connect here"
            return Refusal("foreign_origin", HTTPStatus.FORBIDDEN, detail)
        if self._full():
            detail = "this relay takes no more sockets now"
            return Refusal("full", HTTPStatus.SERVICE_UNAVAILABLE, detail, RETRY_SECONDS)
        if wait := self._arrivals.wait_for(environ):
            detail = "this address opens too many sockets"
            return Refusal("too_often", HTTPStatus.TOO_MANY_REQUESTS, detail, wait)
        return None


class Refusal(NamedTuple):
    """Why somebody is not let in."""

    result: str  #: As the metrics name it.
    status: HTTPStatus
    detail: str
    retry_after: int | None = None


def _is_upgrade(environ: "WSGIEnvironment") -> bool:
    return (
        environ["REQUEST_METHOD"] == "GET"
        and environ.get("HTTP_UPGRADE", "").lower() == "websocket"
        and "upgrade" in environ.get("HTTP_CONNECTION", "").lower()
        and environ.get("HTTP_SEC_WEBSOCKET_VERSION") == "13"
    )


def _refuse(start_response: "StartResponse", refusal: Refusal) -> Iterable[bytes]:
    body = f"{refusal.detail}\n".encode()
    status = refusal.status
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Connection", "close"),
    ]
    if status is HTTPStatus.UPGRADE_REQUIRED:
        headers += [("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")]
    if refusal.retry_after is not None:
        headers.append(("Retry-After", str(refusal.retry_after)))
    start_response(f"{status.value} {status.phrase}", headers)
    return [body]
