"""An image as a browser can draw it: 8 bits, no larger than a screen needs."""

import tempfile
from pathlib import Path
from uuid import UUID

from flask import Blueprint, Response, request
from sqlalchemy.engine import RowMapping

from shared.database import images
from shared.domain.accounts import Role
from shared.domain.errors import NotFoundError
from shared.reading.display import THUMBNAIL_TYPE
from shared.reading.formats import ImageFormat
from web import access
from web.access import services
from web.api.files import ASK_AGAIN

blueprint = Blueprint("display", __name__)

LARGEST_SIDE = 2048
DRAWN_BY_BROWSERS = 8  #: Bits a channel; of more a browser shows the upper ones alone.


@blueprint.get("/projects/<uuid:project_id>/images/<uuid:image_id>/display")
@access.image_role(Role.VIEWER)
def show_display(project_id: UUID, image_id: UUID) -> Response:
    """Answer the picture of the image page; what a browser can draw as it is, as it is."""
    with services().database.reading() as connection:
        row = images.image(connection, image_id)
    if row is None or row["project_id"] != project_id:
        raise NotFoundError(access.IMAGE_NOT_FOUND)
    if _is_drawn_by_browsers(row):
        return Response(status=307, headers={"Location": f"/api/v1/images/{image_id}/content"})
    tag = f"{image_id}-display"
    answer = Response(status=304)
    if tag not in request.if_none_match:
        answer = Response(_drawn(row), mimetype=THUMBNAIL_TYPE)
    answer.set_etag(tag)
    answer.headers["Cache-Control"] = ASK_AGAIN
    return answer


def _is_drawn_by_browsers(row: RowMapping) -> bool:
    suffix = row["storage_key"].rpartition(".")[2]
    return bool(suffix != ImageFormat.TIFF and row["bit_depth"] <= DRAWN_BY_BROWSERS)


def _drawn(row: RowMapping) -> bytes:
    """Return the picture, made in a child process: no file can hurt this one."""
    settings = services().settings
    with tempfile.NamedTemporaryFile(dir=services().incoming, prefix="display-") as copy:
        for piece in services().storage.stream(row["storage_key"]):
            copy.write(piece)
        copy.flush()
        looked_at = services().inspector.inspect(
            Path(copy.name),
            row["filename"],
            max_bytes=settings.max_image_bytes,
            max_pixels=settings.max_image_pixels,
            side=LARGEST_SIDE,
        )
    return looked_at.thumbnail
