"""An image: the picture, the outlines over it, the measurements beside it."""

from uuid import UUID

from flask import Blueprint, Response
from sqlalchemy.engine import RowMapping

from shared.database import images
from shared.database.neighbours import place_of
from shared.domain.accounts import Role
from shared.domain.errors import NotFoundError
from shared.domain.measurements import OBJECT_COLUMNS
from web import access
from web.access import services
from web.api.images import shown_image
from web.api.measurements import described
from web.api.projects import shown_project
from web.api.shapes import API
from web.api.tiles import is_drawn_whole
from web.pages.rendering import latest_projects, live_page, signed_in_user

blueprint = Blueprint("image", __name__)

MOST_AHEAD = 8_000_000  #: Bytes of a picture that is fetched before anybody asked for it.


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
            "whole": _whole(_row(image_id)),
            "ahead": [*_ahead(place.next), *_ahead(place.previous)],
            "measurements": list(described(OBJECT_COLUMNS, "object")),
        },
        project=project,
        image=image,
        place=place,
        side_projects=latest_projects(),
    )


def _whole(row: RowMapping) -> str | None:
    """Return the address of a file that browsers draw whole; the pixels of others come in tiles."""
    return f"{API}/images/{row['id']}/content" if is_drawn_whole(row) else None


def _ahead(image_id: UUID | None) -> list[str]:
    """Return what the page of a neighbour will ask for, so far as it is small."""
    with services().database.reading() as connection:
        row = None if image_id is None else images.image(connection, image_id)
    if row is None:
        return []
    folder = f"{API}/images/{image_id}"
    found = [f"{folder}/thumbnail"]
    if row["current_run_id"] is not None:
        found.append(f"{folder}/segmentation")
    if is_drawn_whole(row) and row["bytes"] <= MOST_AHEAD:
        found.append(f"{folder}/content")
    return found


def _row(image_id: UUID) -> RowMapping:
    with services().database.reading() as connection:
        row = images.image(connection, image_id)
    if row is None:
        raise NotFoundError(access.IMAGE_NOT_FOUND)
    return row
