"""The relay as a WSGI application: one socket route and a health check."""

import logging
from typing import Any

from flask import Flask
from flask_sock import Sock
from simple_websocket import Server

from web.relay.gate import PATH, Gate
from web.relay.relay import Relay
from web.relay.services import RelayServices
from web.relay.session import Session
from web.relay.transport import GeventConnection, NoReader

logger = logging.getLogger(__name__)


def create_relay(services: RelayServices) -> Flask:
    """Return the application; the relay in it is `app.extensions["relay"]`, not yet started."""
    app = Flask("celltally-relay", static_folder=None)
    app.config["SOCK_SERVER_OPTIONS"] = {"thread_class": NoReader}
    relay = app.extensions["relay"] = Relay(services)
    app.add_url_rule("/healthz", view_func=lambda: _health(relay), endpoint="health")
    _add_socket(app, relay)
    gate = Gate(app.wsgi_app, origins=services.origins, full=lambda: relay.full)
    app.wsgi_app = gate  # type: ignore[method-assign]
    return app


def _add_socket(app: Flask, relay: Relay) -> None:
    def serve(server: Server) -> None:
        connection = GeventConnection(server, relay.limits)
        session = Session(relay, connection)
        relay.registry.add(session)
        try:
            connection.run(session)
        except Exception:
            # flask-sock would write an error page into the open socket.
            logger.exception("a socket failed")
        finally:
            session.left()

    Sock(app).route(PATH)(serve)


def _health(relay: Relay) -> tuple[dict[str, Any], int]:
    """Ready means that what is published arrives here."""
    if relay.draining:
        return {"status": "draining"}, 503
    if not relay.link.alive:
        return {"status": "redis_lost"}, 503
    return {"status": "ok", "sockets": len(relay.registry)}, 200
