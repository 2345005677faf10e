"""How often anybody may do what; counted in Redis, and in memory while it is away."""

from collections.abc import Callable
from typing import Any

from flask import Flask, current_app, request
from flask_limiter import Limiter
from redis.backoff import NoBackoff
from redis.retry import Retry

from web import access
from web.access import SAFE_METHODS
from web.services import Services

View = Callable[..., Any]

#: Per address: guessing passwords must be slow, a laboratory behind one address not locked out.
LOGINS = "20 per minute; 200 per hour"
REGISTRATIONS = "20 per hour"

#: Per address: nobody guesses a token, and nobody needs to try so often.
INVITATIONS = "60 per minute"

#: Per account, over all routes that write.
WRITES = "600 per minute"

#: Per account, over the routes of uploads, which count for themselves: each file is a request or
#: two, and a folder has thousands.
UPLOADS = "6000 per minute"

#: A request waits no longer than this to be counted.
REDIS_SECONDS = 0.25


def rate_limited(limits: str) -> Callable[[View], View]:
    """Allow a route only so often for each address."""

    def decorate(view: View) -> View:
        view.rate_limit = limits  # type: ignore[attr-defined]
        return view

    return decorate


def uploading(view: View) -> View:
    """Count a route among those of uploads, and not among all that write."""
    view.is_uploading = True  # type: ignore[attr-defined]
    return view


def limit_rates(app: Flask, services: Services) -> None:
    """Count the requests of *app*, once its routes are there."""
    limiter = Limiter(
        _asker,
        app=app,
        enabled=services.settings.rate_limits == "on",
        storage_uri=services.limits_storage,
        storage_options=_redis_options(services.limits_storage),  # type: ignore[arg-type]
        key_prefix="celltally:limits",
        in_memory_fallback_enabled=True,
        application_limits=[WRITES],
        application_limits_exempt_when=_counts_for_itself,
    )
    app.extensions["celltally.limiter"] = limiter  # The limits only hold a weak reference to it.
    for endpoint, view in app.view_functions.items():
        if (limits := getattr(view, "rate_limit", None)) is not None:
            guarded: View = limiter.limit(limits, key_func=_address)(view)
            app.view_functions[endpoint] = guarded
    shared: Callable[[View], View] = limiter.shared_limit(UPLOADS, scope="uploads", key_func=_asker)
    for endpoint, view in app.view_functions.items():
        if hasattr(view, "is_uploading"):
            app.view_functions[endpoint] = shared(view)


def _counts_for_itself() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return request.method in SAFE_METHODS or hasattr(view, "is_uploading")


def _asker() -> str:
    visitor = access.find_visitor()
    return _address() if visitor is None else str(visitor.account.id)


def _address() -> str:
    return request.remote_addr or "nowhere"


def _redis_options(uri: str) -> dict[str, object]:
    if not uri.startswith("redis"):
        return {}
    return {
        "socket_timeout": REDIS_SECONDS,
        "socket_connect_timeout": REDIS_SECONDS,
        "retry": Retry(NoBackoff(), 0),
    }
