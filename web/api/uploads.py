"""Resumable uploads: a tus 1.0.0 server."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request
from sqlalchemy.engine import RowMapping
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from shared.actions.begin_upload import begin_upload, cancel_upload
from shared.actions.finish_upload import finish_upload
from shared.actions.receive_upload import Bytes, receive
from shared.database import uploads
from shared.domain.accounts import Role
from shared.domain.errors import NotFoundError, UnavailableError
from shared.domain.uploads import UploadState
from web import access
from web.access import UPLOAD_NOT_FOUND, services
from web.api import tus
from web.api.exchange import exchange, op_id
from web.api.requests import UploadQuery
from web.api.schemas import UploadJson, UploadList
from web.limits import uploading

blueprint = Blueprint("uploads", __name__)

#: A sender who is silent for so long is gone; what came is kept.
SILENCE_SECONDS = 20.0

#: Headers of the requests; a question mark ends the names of those that may be left out.
_ALWAYS = ("Tus-Resumable",)
_CREATING = (*_ALWAYS, "Upload-Length", "Upload-Metadata", "Upload-Checksum?", "X-Op-Id?")
_CONTINUING = (*_ALWAYS, "Upload-Offset", "Upload-Checksum?", "X-Op-Id?")

View = Callable[..., Any]


def speaks_tus(view: View) -> View:
    """Refuse other versions of tus; that of this one stands on every answer, refusals too."""

    @wraps(view)
    def spoken(**values: Any) -> Any:
        tus.check_version(request)
        return view(**values)

    return spoken


@blueprint.after_request
def _say_version(answer: Response) -> Response:
    answer.headers["Tus-Resumable"] = tus.VERSION
    answer.headers["Cache-Control"] = "no-store"
    if answer.status_code == tus.TusVersionError.status:
        answer.headers["Tus-Version"] = tus.VERSION
    return answer


@blueprint.route("/uploads", methods=["OPTIONS"], provide_automatic_options=False)
@access.public
@exchange(status=204)
def describe_uploads() -> Response:
    """Answer which version and extensions of tus are spoken, and how large a file may be."""
    answer = Response(status=204)
    answer.headers["Tus-Version"] = tus.VERSION
    answer.headers["Tus-Extension"] = tus.EXTENSIONS
    answer.headers["Tus-Checksum-Algorithm"] = ",".join(tus.ALGORITHMS)
    answer.headers["Tus-Max-Size"] = str(services().settings.max_image_bytes)
    return answer


@blueprint.route("/uploads", methods=["GET"], provide_automatic_options=False)
@access.signed_in
@exchange(asks=UploadQuery, gives=UploadList)
def list_uploads(query: UploadQuery) -> UploadList:
    """List the uploads that who asks began and did not finish, on whatever device."""
    user_id = access.current_account().id
    with services().database.reading() as connection:
        rows = uploads.mine(connection, user_id, query.project_id)
    return UploadList(items=[_json(row) for row in rows], next_cursor=None)


@blueprint.route("/uploads", methods=["POST"], provide_automatic_options=False)
@uploading
@access.signed_in
@speaks_tus
@exchange(status=201, headers=_CREATING, media=tus.CONTENT_TYPE)
def create_upload() -> Response:
    """Begin an upload into the project that `Upload-Metadata` names; bytes may come along."""
    project_id = tus.project_of(request)
    access.require_role(project_id, Role.EDITOR)
    user_id = access.current_account().id
    announced = tus.announced_in(request, project_id, op_id())
    row = begin_upload(services(), announced, user_id=user_id)
    if row["state"] == UploadState.RECEIVING and request.mimetype == tus.CONTENT_TYPE:
        row = _received_with(row)
    answer = tus.told(Response(status=201), row)
    answer.headers["Location"] = tus.address_of(row)
    return answer


@blueprint.route("/uploads/<uuid:upload_id>", methods=["HEAD"], provide_automatic_options=False)
@access.own_upload
@speaks_tus
@exchange(headers=_ALWAYS)
def show_upload(upload_id: UUID) -> Response:
    """Answer how far an upload is; of one that has all its bytes, what became of it."""
    row = tus.check_not_refused(_finished(upload_id))
    answer = tus.told(Response(status=200), row)
    answer.headers["Upload-Length"] = str(row["length"])
    answer.headers["Upload-Metadata"] = row["metadata"]
    return answer


@blueprint.route("/uploads/<uuid:upload_id>", methods=["PATCH"], provide_automatic_options=False)
@uploading
@access.own_upload
@speaks_tus
@exchange(status=204, headers=_CONTINUING, media=tus.CONTENT_TYPE)
def continue_upload(upload_id: UUID) -> Response:
    """Take more of the file in; with the last byte, answer what became of it."""
    tus.check_content_type(request)
    _receive(upload_id, tus.number_of(request, "Upload-Offset"))
    return tus.told(Response(status=204), tus.check_not_refused(_finished(upload_id)))


@blueprint.route("/uploads/<uuid:upload_id>", methods=["DELETE"], provide_automatic_options=False)
@uploading
@access.own_upload
@speaks_tus
@exchange(status=204, headers=_ALWAYS)
def end_upload(upload_id: UUID) -> Response:
    """Give an upload up; what it became stays."""
    cancel_upload(services().database, upload_id)
    return Response(status=204)


def _json(row: RowMapping) -> UploadJson:
    names = ("id", "project_id", "filename", "relative_path", "length", "state")
    return UploadJson(
        **{name: row[name] for name in names},
        offset=row["received"],
        url=tus.address_of(row),
        metadata=tus.pairs_of(row["metadata"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )


def _received_with(row: RowMapping) -> RowMapping:
    """Take in what came along with the creation.

    Who breaks off never learned the address, so nobody could go on.
    """
    upload_id = row["id"]
    try:
        source = _receive(upload_id, 0)
    except BaseException:
        cancel_upload(services().database, upload_id)
        raise
    if source.broken:
        cancel_upload(services().database, upload_id)
        raise ClientDisconnected
    return tus.check_not_refused(_finished(upload_id))


def _receive(upload_id: UUID, offset: int) -> "_Body":
    """Take in the bytes of this request."""
    with _one_of_the_receiving(), _lost_after(SILENCE_SECONDS):
        body = _Body()
        sent = Bytes(offset=offset, source=body, checksum=tus.checksum_of(request), op_id=op_id())
        receive(services(), upload_id, sent)
    return body


def _finished(upload_id: UUID) -> RowMapping:
    """Return the upload, finished if all of it is there."""
    with services().database.reading() as connection:
        row = uploads.upload(connection, upload_id)
    if row is None:
        raise NotFoundError(UPLOAD_NOT_FOUND)
    if row["state"] == UploadState.FINISHING:
        return finish_upload(services(), upload_id)
    return row


class _Body:
    """The body of this request, which may break off at any byte."""

    def __init__(self) -> None:
        self._stream = request.stream
        self.broken = False

    def read(self, size: int) -> bytes:
        if self.broken:
            return b""
        try:
            return self._stream.read(size)
        except (ClientDisconnected, OSError):
            self.broken = True
            return b""
        except RequestEntityTooLarge:
            self.broken = True
            raise


@contextmanager
def _one_of_the_receiving() -> Iterator[None]:
    places = services().receiving
    if not places.acquire(timeout=1.0):
        raise UnavailableError("Many uploads come in at once. It goes on in a moment.")
    try:
        yield
    finally:
        places.release()


@contextmanager
def _lost_after(seconds: float) -> Iterator[None]:
    """Take a sender for gone who is silent for so long; only a real server has a socket."""
    socket = request.environ.get("gunicorn.socket")
    if socket is None:
        yield
        return
    before = socket.gettimeout()
    socket.settimeout(seconds)
    try:
        yield
    finally:
        with suppress(OSError):  # Closed meanwhile.
            socket.settimeout(before)
