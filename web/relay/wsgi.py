"""Where gunicorn finds the relay: `gunicorn -c web/relay/gunicorn_config.py`."""

from flask import Flask

from shared.config import Settings
from shared.log_lines import write_log_lines
from web.relay.app import create_relay
from web.relay.services import services_from


def relay_app() -> Flask:
    """Return a relay that works: each worker process calls this after its fork."""
    write_log_lines()
    app = create_relay(services_from(Settings.from_environment()))
    app.extensions["relay"].start()
    return app
