"""The runs of an image: list them, run one again exactly, show the result of another."""

from uuid import UUID

from flask import Blueprint

from shared.actions.choose_result import choose_result
from shared.actions.repeat_run import repeat_run
from shared.database import run_history
from shared.domain.accounts import Role
from shared.domain.errors import NotFoundError
from shared.domain.events import Operation
from web import access
from web.access import services
from web.api.cursors import cursor_of, cut_of
from web.api.exchange import exchange, op_id
from web.api.images import shown_image
from web.api.repeating import REPEATABLE, batch_of, done_once, facts_of
from web.api.requests import CurrentRunBody, PageQuery
from web.api.run_schemas import ResultAnswer, RunJson, RunList, SegmentAnswer
from web.api.segmenting import segment_answer
from web.api.shapes import run_json, stats_now

blueprint = Blueprint("history", __name__)


@blueprint.get("/images/<uuid:image_id>/runs")
@access.image_role(Role.VIEWER)
@exchange(asks=PageQuery, gives=RunList)
def list_runs(image_id: UUID, query: PageQuery) -> RunList:
    """List the runs of an image, newest first: engine, parameters, duration, outcome."""
    cut = cut_of(run_history.NEWEST, sort="-seq", limit=query.limit, cursor=query.cursor)
    with services().database.reading() as connection:
        page = run_history.list_runs(connection, image_id, cut)
    items = [run_json(row) for row in page.rows]
    return RunList(items=items, next_cursor=cursor_of(page, sort="-seq"))


@blueprint.get("/runs/<uuid:run_id>")
@access.run_role(Role.VIEWER)
@exchange(gives=RunJson)
def show_run(run_id: UUID) -> RunJson:
    """Show a run with its provenance: all that is known of how its result was made."""
    with services().database.reading() as connection:
        row = run_history.told_run(connection, run_id)
    if row is None:
        raise NotFoundError(access.RUN_NOT_FOUND)
    return run_json(row)


@blueprint.post("/runs/<uuid:run_id>/repeat")
@access.run_role(Role.EDITOR)
@exchange(gives=SegmentAnswer, status=202, headers=REPEATABLE)
def repeat(run_id: UUID) -> SegmentAnswer:
    """Queue the image again with the very engine, version and parameters of a run."""
    user_id = access.current_account().id
    batch = done_once(
        lambda tx: facts_of(repeat_run(tx, run_id=run_id, user_id=user_id)),
        operation=Operation.SEGMENTATION_QUEUED,
        op_id=op_id(),
    )
    return segment_answer(batch_of(batch))


@blueprint.post("/images/<uuid:image_id>/current-run")
@access.image_role(Role.EDITOR)
@exchange(takes=CurrentRunBody, gives=ResultAnswer)
def choose(image_id: UUID, body: CurrentRunBody) -> ResultAnswer:
    """Show the result of an earlier run of the image; refused while one is active."""
    services().database.transact(
        lambda tx: choose_result(tx, image_id=image_id, run_id=body.run_id),
        operation=Operation.SEGMENTATION_EDITED,
        op_id=op_id(),
    )
    image = shown_image(image_id)
    with services().database.reading() as connection:
        return ResultAnswer(image=image, stats=stats_now(connection, image.project_id))
