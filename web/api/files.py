"""Stored files over HTTP: whole or in ranges, and not at all when the browser has them."""

import unicodedata
from dataclasses import dataclass
from urllib.parse import quote
from uuid import UUID

from flask import Blueprint, Response, request
from sqlalchemy.engine import RowMapping
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.http import dump_options_header

from shared.database import images
from shared.domain.accounts import Role
from shared.domain.errors import NotFoundError
from shared.reading.formats import ImageFormat
from shared.storage import Storage
from web import access
from web.access import services
from web.api.exchange import exchange

blueprint = Blueprint("files", __name__)

#: Asked again each time, so that whoever lost access loses the picture too.
ASK_AGAIN = "private, no-cache"
THUMBNAIL_TYPE = "image/webp"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of storage as it is answered; the tag changes with its bytes."""

    key: str
    media_type: str
    tag: str
    filename: str | None = None
    disposition: str = "inline"


@blueprint.get("/images/<uuid:image_id>/content")
@access.image_role(Role.VIEWER)
@exchange()
def show_content(image_id: UUID) -> Response:
    """Answer the bytes that were uploaded."""
    row = _image(image_id)
    suffix = row["storage_key"].rpartition(".")[2]
    return answer_file(
        services().storage,
        StoredFile(
            key=row["storage_key"],
            media_type=ImageFormat(suffix).content_type,
            tag=row["sha256"],
            filename=row["filename"],
        ),
    )


@blueprint.get("/images/<uuid:image_id>/thumbnail")
@access.image_role(Role.VIEWER)
@exchange()
def show_thumbnail(image_id: UUID) -> Response:
    """Answer a picture of at most 300 pixels."""
    key = _image(image_id)["thumbnail_key"]
    return answer_file(services().storage, StoredFile(key, THUMBNAIL_TYPE, f"{image_id}"))


def answer_file(storage: Storage, file: StoredFile) -> Response:
    """Answer the file, the range of it that is asked for, or that nothing changed."""
    if file.tag in request.if_none_match:
        return _with_headers(Response(status=304), file)
    size = storage.size(file.key)
    span = _asked_range(size, file.tag)
    start, end = span or (0, size)
    answer = Response(storage.stream(file.key, start, end), mimetype=file.media_type)
    answer.content_length = end - start
    if span is not None:
        answer.status_code = 206
        answer.headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return _with_headers(answer, file)


def _asked_range(size: int, tag: str) -> tuple[int, int] | None:
    """Return the one range asked for; None when the whole file is the answer."""
    asked = request.range
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return None
    condition = request.if_range
    if condition.date is not None or condition.etag not in {None, tag}:
        return None
    span = asked.range_for_length(size)
    if span is None:
        raise RequestedRangeNotSatisfiable(length=size)
    return span[0], span[1]


def _with_headers(answer: Response, file: StoredFile) -> Response:
    answer.set_etag(file.tag)
    answer.headers["Accept-Ranges"] = "bytes"
    answer.headers["Cache-Control"] = ASK_AGAIN
    if file.filename is not None:
        answer.headers["Content-Disposition"] = _disposition(file.filename, file.disposition)
    return answer


def _disposition(filename: str, how: str) -> str:
    """Return the header that gives a download its name, in letters that every client reads."""
    if filename.isascii():
        return dump_options_header(how, {"filename": filename})
    plain = unicodedata.normalize("NFKD", filename).encode("ascii", "ignore").decode()
    exact = f"UTF-8''{quote(filename, safe='')}"
    return dump_options_header(how, {"filename": plain, "filename*": exact})


def _image(image_id: UUID) -> RowMapping:
    with services().database.reading() as connection:
        row = images.image(connection, image_id)
    if row is None:
        raise NotFoundError(access.IMAGE_NOT_FOUND)
    return row
