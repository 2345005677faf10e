"""The pixels of an image in tiles, for viewers: any size, any depth, each channel by itself."""

import gzip
from dataclasses import asdict
from uuid import UUID

from flask import Blueprint, Response, request
from sqlalchemy.engine import RowMapping

from shared.database import images
from shared.domain.accounts import Role
from shared.domain.errors import NotFoundError
from shared.reading.formats import ImageFormat
from shared.reading.tiles import TILE, Manifest, Packing
from shared.tiles import VERSION, Source
from web import access
from web.access import services
from web.api.exchange import exchange
from web.api.run_schemas import ChannelJson, HistogramJson, TilesJson

blueprint = Blueprint("tiles", __name__)

LARGEST_SIDE = 4096  #: Of a picture that a browser is given whole.
DRAWN_BY_BROWSERS = 8  #: Bits a channel; of more a browser shows the upper ones alone.
RETRY_SECONDS = 2
#: Tiles never change. A day, for who loses access shall not keep them for ever.
KEPT = "private, max-age=86400, immutable"
MEDIA = {Packing.COLOUR: "image/webp", Packing.PLANES: "application/octet-stream"}


@blueprint.get("/images/<uuid:image_id>/tiles")
@access.image_role(Role.VIEWER)
@exchange(gives=TilesJson)
def show_tiles(image_id: UUID) -> TilesJson | tuple[TilesJson, int]:
    """Say what tiles an image has; 202 while they are made, which begins with the first request."""
    row = _image(image_id)
    source = Source(image_id, row["filename"], row["storage_key"], row["page"])
    manifest = services().tile_maker.manifest(source)
    if manifest is None:
        return TilesJson(ready=False, retry_after=RETRY_SECONDS), 202
    return _told(manifest)


@blueprint.get("/images/<uuid:image_id>/tiles/<int:level>/<int:column>/<int:row>/<int:plane>")
@access.image_role(Role.VIEWER)
@exchange()
def show_tile(image_id: UUID, level: int, column: int, row: int, plane: int) -> Response:
    """Answer a tile: a WebP of colours, or the numbers of one channel (docs/viewer.md)."""
    tag = f"{image_id}-{VERSION}-{level}-{column}-{row}-{plane}"
    if tag in request.if_none_match:
        return _kept(Response(status=304), tag)
    manifest = services().tiles.manifest(image_id)
    number = None if manifest is None else manifest.index_of(level, column, row, plane)
    if manifest is None or number is None:
        raise NotFoundError("There is no such tile. Ask for the image's tiles first.")
    content = services().tiles.tile(image_id, number)
    answer = Response(content, mimetype=MEDIA[manifest.packing])
    if manifest.packing is Packing.PLANES:
        answer.headers["Vary"] = "Accept-Encoding"
        if request.accept_encodings.quality("gzip") > 0:
            answer.headers["Content-Encoding"] = "gzip"
        else:
            answer.set_data(gzip.decompress(content))
    return _kept(answer, tag)


def is_drawn_whole(row: RowMapping) -> bool:
    """Tell whether a browser draws the uploaded file as it is, in every bit and at once."""
    kind = ImageFormat(row["storage_key"].rpartition(".")[2])
    small = max(row["width"], row["height"]) <= LARGEST_SIDE
    return kind.is_drawn_by_browsers and row["bit_depth"] <= DRAWN_BY_BROWSERS and small


def _told(manifest: Manifest) -> TilesJson:
    return TilesJson(
        ready=True,
        width=manifest.width,
        height=manifest.height,
        tile=TILE,
        levels=len(manifest.levels),
        packing=manifest.packing,
        bits=manifest.bits,
        channels=[
            ChannelJson(
                minimum=each.minimum,
                maximum=each.maximum,
                low=each.low,
                high=each.high,
                offset=each.offset,
                scale=each.scale,
                histogram=HistogramJson(**asdict(each.histogram)),
            )
            for each in manifest.channels
        ],
    )


def _kept(answer: Response, tag: str) -> Response:
    answer.set_etag(tag)
    answer.headers["Cache-Control"] = KEPT
    return answer


def _image(image_id: UUID) -> RowMapping:
    with services().database.reading() as connection:
        row = images.image(connection, image_id)
    if row is None:
        raise NotFoundError(access.IMAGE_NOT_FOUND)
    return row
