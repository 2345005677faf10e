"""The exports of a project: ask for one, watch it, download it."""

from uuid import UUID

from flask import Blueprint, Response

from shared.domain.accounts import Role
from web import access
from web.api.exports import listed_exports
from web.api.projects import shown_project
from web.api.requests import PageQuery
from web.pages.rendering import latest_projects, live_page, signed_in_user

blueprint = Blueprint("exports_page", __name__)

FIRST_EXPORTS = 50


@blueprint.get("/projects/<uuid:project_id>/exports")
@access.project_role(Role.VIEWER)
def show_exports(project_id: UUID) -> Response:
    """Show what the visitor exported of the project, and what they could."""
    project = shown_project(project_id)
    return live_page(
        "project_page.html",
        entry="exports",
        boot={
            "user": signed_in_user(),
            "project": project,
            "exports": listed_exports(project_id, PageQuery(limit=FIRST_EXPORTS)),
        },
        project=project,
        tab="exports",
        side_projects=latest_projects(),
    )
