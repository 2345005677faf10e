"""Previews: what an engine would find in the middle of one image, before many are segmented."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response
from pydantic import Field
from sqlalchemy.engine import RowMapping

from shared.actions.preview import PreviewRequest, ask_preview
from shared.database import previews
from shared.domain.accounts import Role
from shared.domain.errors import NotFoundError
from shared.domain.previews import PreviewStatus
from shared.domain.wire import Wire
from web import access
from web.access import services
from web.api.exchange import exchange
from web.api.files import ASK_AGAIN, THUMBNAIL_TYPE
from web.api.requests import Line
from web.api.schemas import Answer
from web.api.shapes import API

blueprint = Blueprint("previews", __name__)

NOT_FOUND = "This preview does not exist (any more), or is not yours."


class PreviewBody(Wire):
    """Which image, with which engine; without one, with that for the kind of image."""

    image_id: UUID
    engine: Line | None = Field(default=None, max_length=100)
    params: dict[str, Any] = Field(default_factory=dict)


class PreviewJson(Answer):
    """A preview: of the part at `left`, `top` of the image, which `pictureUrl` shows.

    `outlines` has a list of rings for each object, the outer one first, in pixels of the part.
    Nothing of it is counted or kept; it is forgotten within the hour.
    """

    id: UUID
    image_id: UUID
    status: PreviewStatus
    engine: str
    engine_version: str
    params: dict[str, Any]
    detail: str | None = None
    image_width: int | None = None
    image_height: int | None = None
    left: int | None = None
    top: int | None = None
    width: int | None = None
    height: int | None = None
    object_count: int | None = None
    duration_ms: int | None = None
    outlines: list[list[list[tuple[int, int]]]] | None = None
    picture_url: str | None = None


@blueprint.post("/projects/<uuid:project_id>/previews")
@access.project_role(Role.EDITOR)
@exchange(takes=PreviewBody, gives=PreviewJson, status=202)
def ask(project_id: UUID, body: PreviewBody) -> PreviewJson:
    """Ask for a preview; it takes the place of the one that the asker asked for before."""
    asked = PreviewRequest(
        project_id=project_id,
        image_id=body.image_id,
        user_id=access.current_account().id,
        engine=body.engine,
        params=body.params,
    )
    preview_id = ask_preview(services().database, services().queue, asked)
    return _json(_own(project_id, preview_id))


@blueprint.get("/projects/<uuid:project_id>/previews/<uuid:preview_id>")
@access.project_role(Role.EDITOR)
@exchange(gives=PreviewJson)
def show(project_id: UUID, preview_id: UUID) -> PreviewJson:
    """Answer how far a preview is, and what was found; its asker's alone."""
    return _json(_own(project_id, preview_id))


@blueprint.get("/projects/<uuid:project_id>/previews/<uuid:preview_id>/picture")
@access.project_role(Role.EDITOR)
@exchange()
def show_picture(project_id: UUID, preview_id: UUID) -> Response:
    """Answer the part of the image that was looked at."""
    _own(project_id, preview_id)
    with services().database.reading() as connection:
        picture = previews.picture(connection, preview_id)
    if picture is None:
        raise NotFoundError(NOT_FOUND)
    answer = Response(picture, mimetype=THUMBNAIL_TYPE)
    answer.headers["Cache-Control"] = ASK_AGAIN
    return answer


def _own(project_id: UUID, preview_id: UUID) -> RowMapping:
    """Return the preview of the project, if it is the asker's."""
    with services().database.reading() as connection:
        row = previews.preview(connection, preview_id)
    mine = access.current_account().id
    if row is None or (row["project_id"], row["user_id"]) != (project_id, mine):
        raise NotFoundError(NOT_FOUND)
    return row


def _picture_of(row: RowMapping) -> str:
    return f"{API}/projects/{row['project_id']}/previews/{row['id']}/picture"


def _json(row: RowMapping) -> PreviewJson:
    return PreviewJson.model_validate(
        {
            "id": row["id"],
            "imageId": row["image_id"],
            "status": row["status"],
            "engine": row["engine"],
            "engineVersion": row["engine_version"],
            "params": row["params"],
            "detail": row["detail"],
            "pictureUrl": _picture_of(row) if row["status"] == PreviewStatus.DONE else None,
            **(row["found"] or {}),
        }
    )
