"""The readable page of the interfaces: every request, and where the documents are."""

from flask import Blueprint, Response, current_app, render_template

from web import access
from web.api import openapi
from web.api.exchange import exchange

blueprint = Blueprint("documents", __name__)


@blueprint.get("/docs")
@access.public
@exchange()
def show_readable_page() -> Response:
    """Answer a page for people with every request, and links to both documents."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    rows = [
        {"path": path, "method": method.upper(), "summary": operation["summary"]}
        for path, methods in openapi.document_of(app)["paths"].items()
        for method, operation in methods.items()
    ]
    return Response(render_template("documents.html", requests=rows), mimetype="text/html")
