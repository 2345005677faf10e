"""The page that people begin with."""

from flask import Blueprint, Response

from web import access
from web.api.dashboard import dashboard_of
from web.pages.rendering import SIDE_PROJECTS, live_page, signed_in_user

blueprint = Blueprint("dashboard_page", __name__)


@blueprint.get("/")
@access.signed_in
def show_dashboard() -> Response:
    """Show the totals and a live card for each project."""
    answer = dashboard_of(access.current_account().id)
    return live_page(
        "dashboard.html",
        entry="dashboard",
        boot={**answer.to_json(), "user": signed_in_user()},
        side_projects=answer.projects[:SIDE_PROJECTS],
        here="dashboard",
    )
