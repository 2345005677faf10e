"""The REST interface, one module a noun."""

from flask import Blueprint

from web.api import (
    accounts,
    activity,
    asyncapi,
    attention,
    batches,
    cancelling,
    dashboard,
    distributions,
    documents,
    exports,
    files,
    history,
    images,
    measurements,
    notices,
    openapi,
    previews,
    projects,
    results,
    segmenting,
    sessions,
    shares,
    throughput,
    tickets,
    tiles,
    tokens,
    uploads,
)
from web.api.shapes import API

#: Every blueprint under /api/v1.
PARTS = (
    accounts,
    sessions,
    tokens,
    projects,
    shares,
    images,
    uploads,
    files,
    results,
    tiles,
    distributions,
    measurements,
    segmenting,
    previews,
    batches,
    cancelling,
    history,
    exports,
    dashboard,
    throughput,
    attention,
    activity,
    notices,
    tickets,
    openapi,
    asyncapi,
    documents,
)


def api_blueprint() -> Blueprint:
    """Return all routes of the interface, below their common address."""
    api = Blueprint("api", __name__, url_prefix=API)
    for part in PARTS:
        api.register_blueprint(part.blueprint)
    return api
