"""Images of a project: list, upload, delete, show."""

from dataclasses import replace
from uuid import UUID

from flask import Blueprint, request

from shared.actions.delete_images import delete_images
from shared.actions.ingest_archive import QueuedIngest, is_packed, queue_archives
from shared.actions.upload_images import Verdicts, upload_images
from shared.database import images
from shared.database.images import ImageFilter
from shared.database.paging import Cut
from shared.domain.accounts import Role
from shared.domain.errors import NotFoundError
from web import access
from web.access import services
from web.api.cursors import cursor_of, cut_of
from web.api.exchange import exchange, op_id
from web.api.receiving import received_files
from web.api.requests import DeletionBody, ImageIndexQuery, ImageQuery
from web.api.schemas import (
    ArchiveJson,
    DeletionAnswer,
    DuplicateJson,
    ImageIndex,
    ImageJson,
    ImageList,
    RejectionJson,
    UploadAnswer,
)
from web.api.shapes import image_json, image_list, stats_now

blueprint = Blueprint("images", __name__)

LARGEST_INDEX = 20_000


@blueprint.get("/projects/<uuid:project_id>/images")
@access.project_role(Role.VIEWER)
@exchange(asks=ImageQuery, gives=ImageList)
def list_images(project_id: UUID, query: ImageQuery) -> ImageList:
    """List the images of a project, newest first unless asked otherwise."""
    return listed_images(project_id, query)


@blueprint.get("/projects/<uuid:project_id>/images/index")
@access.project_role(Role.VIEWER)
@exchange(asks=ImageIndexQuery, gives=ImageIndex)
def index_images(project_id: UUID, query: ImageIndexQuery) -> ImageIndex:
    """Answer which images a list has, without what a page of it says of each."""
    chosen = ImageFilter(project_id, query.statuses, query.q)
    cut = Cut(images.ORDERS[query.sort], LARGEST_INDEX)
    with services().database.reading() as connection:
        page = images.index_images(connection, chosen, cut)
    return ImageIndex(
        ids=[row["id"] for row in page.rows],
        statuses=[row["status"] for row in page.rows],
        object_counts=[row["object_count"] for row in page.rows],
        truncated=page.end is not None,
    )


def listed_images(project_id: UUID, query: ImageQuery) -> ImageList:
    """Return one page of a project's images; the project's page begins with the same values."""
    chosen = ImageFilter(project_id, query.statuses, query.q, query.chosen_ids)
    cut = cut_of(images.ORDERS[query.sort], sort=query.sort, limit=query.limit, cursor=query.cursor)
    with services().database.reading() as connection:
        page = images.list_images(connection, chosen, cut)
        items = image_list(connection, page.rows)
    return ImageList(items=items, next_cursor=cursor_of(page, sort=query.sort))


@blueprint.post("/projects/<uuid:project_id>/images")
@access.project_role(Role.EDITOR)
@exchange(gives=UploadAnswer, status=201)
def add_images(project_id: UUID) -> tuple[UploadAnswer, int]:
    """Take files in; 201 when one of them is in the project now, 422 when none is.

    202 when one is a ZIP that is good so far: `batchId` tells what becomes of its members.
    """
    click, actor_id = op_id(), access.current_account().id
    with received_files(
        request.stream,
        request.content_type or "",
        folder=services().incoming,
        max_bytes=services().settings.max_image_bytes,
    ) as received:
        packed = [file for file in received if is_packed(file)]
        archives, refused = queue_archives(
            services(), project_id, packed, actor_id=actor_id, op_id=click
        )
        plain = [file for file in received if file not in packed]
        verdicts = upload_images(services(), project_id, plain, actor_id=actor_id, op_id=click)
    return _answered(project_id, replace(verdicts, rejected=verdicts.rejected + refused), archives)


@blueprint.post("/projects/<uuid:project_id>/images/delete")
@access.project_role(Role.EDITOR)
@exchange(takes=DeletionBody, gives=DeletionAnswer)
def remove_images(project_id: UUID, body: DeletionBody) -> DeletionAnswer:
    """Delete images with their results; those that are gone already are passed over."""
    image_ids = body.image_ids
    if body.filter is not None:
        chosen = ImageFilter(project_id, [str(s) for s in body.filter.status], body.filter.q)
        with services().database.reading() as connection:
            image_ids = images.matching_ids(connection, chosen)
    deleted = delete_images(
        services().database,
        services().queue,
        project_id=project_id,
        image_ids=image_ids or [],
        actor_id=access.current_account().id,
        op_id=op_id(),
    )
    with services().database.reading() as connection:
        return DeletionAnswer(deleted=deleted, stats=stats_now(connection, project_id))


@blueprint.get("/images/<uuid:image_id>")
@access.image_role(Role.VIEWER)
@exchange(gives=ImageJson)
def show_image(image_id: UUID) -> ImageJson:
    """Show an image and, while it is queued, why it waits."""
    return shown_image(image_id)


def shown_image(image_id: UUID) -> ImageJson:
    """Return the image; its page begins with the same values."""
    with services().database.reading() as connection:
        row = images.image(connection, image_id)
        if row is None:
            raise NotFoundError(access.IMAGE_NOT_FOUND)
        return image_list(connection, [row])[0]


def _answered(
    project_id: UUID, verdicts: Verdicts, archives: list[QueuedIngest]
) -> tuple[UploadAnswer, int]:
    with services().database.reading() as connection:
        counts = stats_now(connection, project_id)
    answer = UploadAnswer(
        images=[image_json(row) for row in verdicts.images],
        duplicates=[
            DuplicateJson(filename=name, image_id=image_id)
            for name, image_id in verdicts.duplicates
        ],
        rejected=[
            RejectionJson(filename=each.filename, code=each.code, detail=each.detail)
            for each in verdicts.rejected
        ],
        batch_id=archives[0].id if archives else None,
        archives=[
            ArchiveJson(filename=each.filename, batch_id=each.id, members=each.members)
            for each in archives
        ]
        or None,
        stats=counts,
    )
    if archives:
        return answer, 202
    return answer, 201 if answer.images or answer.duplicates else 422
