"""A project: its tally, its images, and what is to be done with them."""

from uuid import UUID

from flask import Blueprint, Response, request

from shared.database.neighbours import GALLERY_ORDER
from shared.domain.accounts import Role
from shared.domain.images import ImageStatus
from web import access
from web.api.images import listed_images
from web.api.projects import shown_project
from web.api.requests import ImageQuery
from web.api.segmenting import known_engines
from web.pages.rendering import latest_projects, live_page, signed_in_user

blueprint = Blueprint("project", __name__)

FIRST_IMAGES = 100


@blueprint.get("/projects/<uuid:project_id>")
@access.project_role(Role.VIEWER)
def show_project(project_id: UUID) -> Response:
    """Show a project; `?status=` shows only the images that have it."""
    status = request.args.get("status", "")
    shown = status if status in set(ImageStatus) else ""
    query = ImageQuery(status=shown, sort=GALLERY_ORDER, limit=FIRST_IMAGES)
    project = shown_project(project_id)
    return live_page(
        "project.html",
        entry="project",
        boot={
            "user": signed_in_user(),
            "project": project,
            "images": listed_images(project_id, query),
            "engines": known_engines().items,
            "status": shown,
            "sort": GALLERY_ORDER,
        },
        project=project,
        side_projects=latest_projects(),
    )
