"""The pages of everything that happened, and of what happened in one project."""

from uuid import UUID

from flask import Blueprint, Response

from shared.domain.accounts import Role
from web import access
from web.api.activity import activity_of
from web.api.projects import shown_project
from web.api.requests import ActivityQuery
from web.pages.rendering import latest_projects, live_page, signed_in_user

blueprint = Blueprint("activity_page", __name__)


@blueprint.get("/activity")
@access.signed_in
def show_activity() -> Response:
    """Show the newest page of the feed; it goes on from there."""
    feed = activity_of(access.current_account().id, ActivityQuery())
    return live_page(
        "activity.html",
        entry="activity",
        boot={"user": signed_in_user(), "activity": feed},
        side_projects=latest_projects(),
        here="activity",
    )


@blueprint.get("/projects/<uuid:project_id>/activity")
@access.project_role(Role.VIEWER)
def show_project_activity(project_id: UUID) -> Response:
    """Show the newest page of what happened in a project."""
    project = shown_project(project_id)
    feed = activity_of(access.current_account().id, ActivityQuery(project=project_id))
    return live_page(
        "project_page.html",
        entry="activity",
        boot={"user": signed_in_user(), "project": project, "activity": feed},
        project=project,
        tab="activity",
        side_projects=latest_projects(),
    )
