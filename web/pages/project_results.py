"""The results of a project: distributions, images and objects."""

from uuid import UUID

from flask import Blueprint, Response

from shared.domain.accounts import Role
from web import access
from web.api.projects import shown_project
from web.pages.rendering import latest_projects, live_page, signed_in_user

blueprint = Blueprint("project_results", __name__)


@blueprint.get("/projects/<uuid:project_id>/results")
@access.project_role(Role.VIEWER)
def show_results(project_id: UUID) -> Response:
    """Show how the measurements of a project are distributed; its address says which."""
    project = shown_project(project_id)
    return live_page(
        "project_page.html",
        entry="results",
        boot={"user": signed_in_user(), "project": project},
        project=project,
        tab="results",
        side_projects=latest_projects(),
    )
