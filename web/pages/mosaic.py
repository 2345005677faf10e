"""The picture of a card: the newest images of a project, those with a result first."""

import io
from uuid import UUID

from flask import Blueprint, Response, request
from PIL import Image, ImageOps

from shared.database import cards, images, run_history
from shared.domain.accounts import Role
from shared.domain.errors import NotFoundError
from shared.domain.result_files import PREVIEW, key_of
from shared.storage.errors import MissingFileError
from web import access
from web.access import services
from web.api.files import ASK_AGAIN, THUMBNAIL_TYPE
from web.api.shapes import mosaic_of

blueprint = Blueprint("mosaic", __name__)

#: Twice as large as a card is wide, for screens with fine pixels.
WIDTH, HEIGHT = 600, 264
GAP = 3
MOST_IN_A_ROW = 4
QUALITY = 78
STAGE = (7, 9, 11)

Box = tuple[int, int, int, int]


@blueprint.get("/projects/<uuid:project_id>/mosaic")
@access.project_role(Role.VIEWER)
def show_mosaic(project_id: UUID) -> Response:
    """Answer the mosaic; with `?outlines=1` what was found is drawn on it."""
    with services().database.reading() as connection:
        row = cards.card(connection, access.current_account().id, project_id)
    version = None if row is None else mosaic_of(row)
    if row is None or version is None:
        raise NotFoundError("This project has no images yet.")
    outlined = request.args.get("outlines") == "1"
    tag = f"{version}-{'outlines' if outlined else 'plain'}"
    answer = Response(status=304)
    if tag not in request.if_none_match:
        pictures = [_picture(image_id, outlined=outlined) for image_id in row["picture_ids"]]
        answer = Response(mosaic(pictures), mimetype=THUMBNAIL_TYPE)
    answer.set_etag(tag)
    answer.headers["Cache-Control"] = ASK_AGAIN
    return answer


def _picture(image_id: UUID, *, outlined: bool) -> bytes | None:
    """Return a small picture as it is stored; None when it went away meanwhile."""
    with services().database.reading() as connection:
        image = images.image(connection, image_id)
        result = run_history.current_result(connection, image_id) if outlined else None
    if image is None:
        return None
    key = image["thumbnail_key"] if result is None else key_of(result["result_path"], PREVIEW)
    try:
        return services().storage.read(key)
    except MissingFileError:
        return None


def mosaic(pictures: list[bytes | None]) -> bytes:
    """Return the pictures side by side, each cut to fill its place; one that is None stays dark."""
    whole = Image.new("RGB", (WIDTH, HEIGHT), STAGE)
    for content, box in zip(pictures, places(len(pictures)), strict=True):
        if content is None:
            continue
        left, top, right, bottom = box
        with Image.open(io.BytesIO(content)) as picture:
            fitted = ImageOps.fit(picture.convert("RGB"), (right - left, bottom - top))
        whole.paste(fitted, (left, top))
    out = io.BytesIO()
    whole.save(out, "WEBP", quality=QUALITY)
    return out.getvalue()


def places(count: int) -> list[Box]:
    """Return where so many pictures go: a few in a row, more as a large one before small ones."""
    if count <= MOST_IN_A_ROW:
        return [_part((at, count), (0, 1), 0, WIDTH) for at in range(count)]
    half = WIDTH * 4 // 9
    large = _part((0, 1), (0, 1), 0, half)
    small = [_part((x, 2), (y, 2), half + GAP, WIDTH) for y in range(2) for x in range(2)]
    return [large, *small][:count]


def _part(across: tuple[int, int], down: tuple[int, int], left: int, right: int) -> Box:
    """Return one cell, `(which, of how many)` each way, of the area between *left* and *right*."""
    x0, x1 = _cut(*across, left, right)
    y0, y1 = _cut(*down, 0, HEIGHT)
    return x0, y0, x1, y1


def _cut(which: int, of: int, start: int, end: int) -> tuple[int, int]:
    size = (end - start - GAP * (of - 1)) / of
    begin = start + which * (size + GAP)
    return round(begin), round(begin + size)
