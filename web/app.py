"""The web application: pages and REST interface over one set of services."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from web.api import api_blueprint, health, metrics
from web.headers import secure_headers
from web.limits import limit_rates
from web.method_override import MethodOverride
from web.pages import register_pages
from web.pages.problems import page_of_problem
from web.problems import register_problems
from web.recording import record_requests
from web.services import Services


def create_app(services: Services) -> Flask:
    """Return the application; every route says who may use it."""
    app = Flask(__name__, static_folder=None)
    app.extensions["celltally"] = services
    app.json.sort_keys = False  # type: ignore[attr-defined]
    if services.settings.web_address.startswith("https://"):
        # Only then is there a proxy of ours in front, whose word on the client is good.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    app.wsgi_app = MethodOverride(app.wsgi_app)  # type: ignore[method-assign]
    app.register_blueprint(api_blueprint())
    app.register_blueprint(health.blueprint)
    app.register_blueprint(metrics.blueprint)
    register_pages(app)
    record_requests(app)
    register_problems(app, page_of_problem)
    secure_headers(app, services.settings)
    limit_rates(app, services)
    return app
