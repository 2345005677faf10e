"""The relay as a WSGI application: one socket route, a health check and its metrics."""

from typing import Any

from flask import Flask, Response
from prometheus_client import CONTENT_TYPE_LATEST

from web.relay.gate import Gate
from web.relay.handshake import Admission
from web.relay.metrics_page import metrics_of
from web.relay.relay import Relay
from web.relay.services import RelayServices


def create_relay(services: RelayServices) -> Flask:
    """Return the application; the relay in it is `app.extensions["relay"]`, not yet started."""
    app = Flask("celltally-relay", static_folder=None)
    relay = app.extensions["relay"] = Relay(services)
    app.add_url_rule("/healthz", view_func=lambda: _health(relay), endpoint="health")
    app.add_url_rule("/metrics", view_func=lambda: _metrics(relay), endpoint="metrics")
    gate = Gate(
        app.wsgi_app,
        Admission(app, relay),
        origins=services.origins,
        full=lambda: relay.full,
        arrivals=relay.arrivals,
    )
    relay.metrics.handshakes = gate.results
    app.wsgi_app = gate  # type: ignore[method-assign]
    return app


def _health(relay: Relay) -> tuple[dict[str, Any], int]:
    """Ready means that what is published arrives here."""
    if relay.draining:
        return {"status": "draining"}, 503
    if not relay.link.alive:
        return {"status": "redis_lost"}, 503
    return {"status": "ok", "sockets": len(relay.registry)}, 200


def _metrics(relay: Relay) -> Response:
    return Response(metrics_of(relay), content_type=CONTENT_TYPE_LATEST)
