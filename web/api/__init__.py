"""The REST interface, one module a noun."""

from flask import Blueprint

from web.api import (
    accounts,
    cancelling,
    dashboard,
    files,
    history,
    images,
    openapi,
    projects,
    results,
    segmenting,
    tickets,
    tokens,
)
from web.api.shapes import API

#: Every blueprint under /api/v1.
PARTS = (
    accounts,
    tokens,
    projects,
    images,
    files,
    results,
    segmenting,
    cancelling,
    history,
    dashboard,
    tickets,
    openapi,
)


def api_blueprint() -> Blueprint:
    """Return all routes of the interface, below their common address."""
    api = Blueprint("api", __name__, url_prefix=API)
    for part in PARTS:
        api.register_blueprint(part.blueprint)
    return api
