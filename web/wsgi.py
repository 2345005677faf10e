"""What gunicorn runs: `gunicorn 'web.wsgi:web_app()'`, without --preload."""

from flask import Flask

from shared.config import Settings
from shared.log_lines import write_log_lines
from web.app import create_app
from web.services import services_from


def web_app() -> Flask:
    """Build the application in the worker process, after the fork."""
    write_log_lines()
    return create_app(services_from(Settings.from_environment()))
