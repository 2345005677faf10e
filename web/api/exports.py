"""Exports: ask for one, watch it, download it, cancel or delete it. Each is its asker's alone."""

import re
from uuid import UUID

from flask import Blueprint, Response
from sqlalchemy.engine import RowMapping

from shared.actions.exports import ask_export, end_export
from shared.database import exports, projects
from shared.database.exports import NewExport
from shared.domain.accounts import Role
from shared.domain.errors import ConflictError, NotFoundError
from shared.domain.events import ExportStatus
from shared.storage import MissingFileError
from web import access
from web.access import services
from web.api.cursors import cursor_of, cut_of
from web.api.exchange import exchange
from web.api.export_schemas import ExportBody, ExportJson, ExportList, ExportOptions
from web.api.files import StoredFile, answer_file
from web.api.repeating import REPEATABLE, done_once
from web.api.requests import PageQuery
from web.api.shapes import API

blueprint = Blueprint("exports", __name__)

NEWEST_FIRST = "-createdAt"
ZIP = "application/zip"

NOBODY_WORKS = "No worker is online. The export begins as soon as one is."
WAITS = "It waits for a worker that is free."
NOT_DONE = {
    ExportStatus.QUEUED: "This export has not begun yet.",
    ExportStatus.RUNNING: "This export is still being made.",
    ExportStatus.FAILED: "This export failed; there is nothing to download. Export again.",
    ExportStatus.CANCELLED: "This export was cancelled; there is nothing to download.",
}

_UNWELCOME = re.compile(r'[<>:"/\\|?*]')


@blueprint.post("/projects/<uuid:project_id>/exports")
@access.only_reads
@access.project_role(Role.VIEWER)
@exchange(takes=ExportBody, gives=ExportJson, status=202, headers=REPEATABLE)
def ask(project_id: UUID, body: ExportBody) -> ExportJson:
    """Have images exported; `exportUpdate` on `user:{id}` tells how far it is."""
    account = access.current_account()
    new = NewExport(project_id, account.id, tuple(body.formats), body.selection)
    asked = done_once(lambda tx: {"id": str(ask_export(tx, new)["id"])})
    return _shown(_export(UUID(asked["id"])))


@blueprint.get("/projects/<uuid:project_id>/exports")
@access.project_role(Role.VIEWER)
@exchange(asks=PageQuery, gives=ExportList)
def list_exports(project_id: UUID, query: PageQuery) -> ExportList:
    """List what you exported of the project, the newest first."""
    return listed_exports(project_id, query)


@blueprint.get("/exports/<uuid:export_id>")
@access.own_export
@exchange(gives=ExportJson)
def show(export_id: UUID) -> ExportJson:
    """Show how far an export is."""
    return _shown(_export(export_id))


@blueprint.get("/exports/<uuid:export_id>/download")
@access.own_export
@exchange()
def download(export_id: UUID) -> Response:
    """Answer the ZIP of an export that is done, whole or the range that is asked for."""
    row = _export(export_id)
    status = ExportStatus(row["status"])
    if status is not ExportStatus.DONE:
        raise ConflictError(NOT_DONE[status], code="export_not_done")
    with services().database.reading() as connection:
        title = projects.title_of(connection, row["project_id"]) or "export"
    name = f"{_UNWELCOME.sub('_', title)} {row['created_at']:%Y-%m-%d}.zip"
    try:
        return answer_file(
            services().storage,
            StoredFile(row["file_key"], ZIP, f"{export_id}", name, disposition="attachment"),
        )
    except MissingFileError:
        raise NotFoundError("The file of this export is gone. Export again.") from None


@blueprint.delete("/exports/<uuid:export_id>")
@access.own_export
@exchange(status=204)
def end(export_id: UUID) -> None:
    """Cancel an export that is not finished; delete one that is, with its file."""
    services().database.transact(lambda tx: end_export(tx, export_id))


def listed_exports(project_id: UUID, query: PageQuery) -> ExportList:
    """Return a page of the asker's exports; their page begins with the same values."""
    account = access.current_account()
    cut = cut_of(
        exports.ORDERS[NEWEST_FIRST], sort=NEWEST_FIRST, limit=query.limit, cursor=query.cursor
    )
    with services().database.reading() as connection:
        page = exports.list_exports(connection, project_id, account.id, cut)
        works = exports.somebody_works(connection)
    items = [export_json(row, somebody_works=works) for row in page.rows]
    return ExportList(items=items, next_cursor=cursor_of(page, sort=NEWEST_FIRST))


def export_json(row: RowMapping, *, somebody_works: bool) -> ExportJson:
    """Return a row of `exports` as its asker sees it."""
    status = ExportStatus(row["status"])
    detail = row["detail"]
    if status is ExportStatus.QUEUED and not somebody_works:
        detail = NOBODY_WORKS
    elif status is ExportStatus.QUEUED and detail is None:
        detail = WAITS
    is_done = status is ExportStatus.DONE
    return ExportJson(
        id=row["id"],
        project_id=row["project_id"],
        status=status,
        formats=row["formats"],
        options=ExportOptions(status=row["statuses"]),
        done=row["done"],
        total=row["total"],
        bytes=row["bytes"],
        detail=detail,
        code=row["failure_code"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        expires_at=row["expires_at"],
        download_url=f"{API}/exports/{row['id']}/download" if is_done else None,
    )


def _shown(row: RowMapping) -> ExportJson:
    with services().database.reading() as connection:
        return export_json(row, somebody_works=exports.somebody_works(connection))


def _export(export_id: UUID) -> RowMapping:
    with services().database.reading() as connection:
        row = exports.export(connection, export_id)
    if row is None:
        raise NotFoundError(access.EXPORT_NOT_FOUND)
    return row
