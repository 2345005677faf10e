"""An image: the picture, the outlines over it, the measurements beside it."""

from uuid import UUID

from flask import Blueprint, Response

from shared.database.neighbours import place_of
from shared.domain.accounts import Role
from shared.domain.errors import NotFoundError
from web import access
from web.access import services
from web.api.images import shown_image
from web.api.projects import shown_project
from web.pages.rendering import latest_projects, live_page, signed_in_user

blueprint = Blueprint("image", __name__)


@blueprint.get("/projects/<uuid:project_id>/images/<uuid:image_id>")
@access.image_role(Role.VIEWER)
def show_image(project_id: UUID, image_id: UUID) -> Response:
    """Show an image between its neighbours in the gallery."""
    image = shown_image(image_id)
    if image.project_id != project_id:
        raise NotFoundError(access.IMAGE_NOT_FOUND)
    project = shown_project(project_id)
    with services().database.reading() as connection:
        place = place_of(connection, image_id)
    return live_page(
        "image.html",
        entry="image",
        boot={
            "user": signed_in_user(),
            "project": project,
            "image": image,
            "displayUrl": f"/projects/{project_id}/images/{image_id}/display",
        },
        project=project,
        image=image,
        place=place,
        side_projects=latest_projects(),
    )
