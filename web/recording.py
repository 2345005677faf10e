"""One log line a request, and an id that ties all lines of it together."""

import re
import time
from secrets import token_hex

import structlog
from flask import Flask, Response, g, request

logger = structlog.get_logger(__name__)

HEADER = "X-Request-Id"
_GIVEN = re.compile(r"[A-Za-z0-9._-]{1,64}")

#: Asked every few seconds by machines; not worth a line.
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})


def record_requests(app: Flask) -> None:
    """Log each request of *app* once, when it is answered."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    given = request.headers.get(HEADER, "")
    g.request_id = given if _GIVEN.fullmatch(given) else token_hex(8)
    g.began = time.monotonic()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    response.headers[HEADER] = g.request_id
    if request.path in QUIET:
        return response
    visitor = g.get("visitor")
    logger.info(
        "request",
        method=request.method,
        path=request.path,
        status=response.status_code,
        ms=round(1000 * (time.monotonic() - g.began)),
        user=None if visitor is None else str(visitor.account.id),
    )
    return response
