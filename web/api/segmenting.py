"""Ask for images to be segmented, and watch how far it is."""

from uuid import UUID

from flask import Blueprint

from shared.actions.segment_images import (
    Batch,
    SegmentRequest,
    engine_chosen_for,
    segment_images,
)
from shared.database import retrying, workers
from shared.domain.accounts import Role
from shared.domain.events import Operation
from web import access
from web.access import services
from web.api.exchange import exchange, op_id
from web.api.provenance import chosen_json
from web.api.repeating import REPEATABLE, batch_of, done_once, facts_of
from web.api.requests import SegmentBody
from web.api.run_schemas import (
    EngineChoice,
    EngineList,
    FailureList,
    SegmentAnswer,
)
from web.api.shapes import engine_json, failure_group, stats_now

blueprint = Blueprint("segmenting", __name__)


@blueprint.post("/projects/<uuid:project_id>/segment")
@access.project_role(Role.EDITOR)
@exchange(takes=SegmentBody, gives=SegmentAnswer, status=202, headers=REPEATABLE)
def segment(project_id: UUID, body: SegmentBody) -> SegmentAnswer:
    """Queue the chosen images; those that wait or have the very result already are skipped."""
    asked = SegmentRequest(
        project_id=project_id,
        user_id=access.current_account().id,
        select=body.select,
        engine=body.engine,
        params=body.params,
        force=body.force,
        priority=body.priority,
        failure_code=body.failure_code,
        again=body.again,
    )
    batch = done_once(
        lambda tx: facts_of(segment_images(tx, asked)),
        operation=Operation.SEGMENTATION_QUEUED,
        op_id=op_id(),
    )
    return segment_answer(batch_of(batch))


def segment_answer(batch: Batch) -> SegmentAnswer:
    """Return what became of a request, with the counts after it."""
    with services().database.reading() as connection:
        counts = stats_now(connection, batch.project_id)
    return SegmentAnswer(
        batch_id=batch.id,
        engine=batch.engine,
        queued=batch.queued,
        skipped=batch.skipped,
        stats=counts,
    )


@blueprint.get("/projects/<uuid:project_id>/failures")
@access.project_role(Role.VIEWER)
@exchange(gives=FailureList)
def list_failures(project_id: UUID) -> FailureList:
    """List why images of the project failed, and how many of each cause."""
    with services().database.reading() as connection:
        found = retrying.failures(connection, project_id)
    return FailureList(items=[failure_group(*each) for each in found], next_cursor=None)


@blueprint.get("/projects/<uuid:project_id>/engine")
@access.project_role(Role.VIEWER)
@exchange(gives=EngineChoice)
def show_choice(project_id: UUID) -> EngineChoice:
    """Answer which engine is taken for the project's images when none is named, and why."""
    return chosen_engine(project_id)


def chosen_engine(project_id: UUID) -> EngineChoice:
    """Return the automatic choice; a project's page begins with the same values."""
    with services().database.reading() as connection:
        spec, choice = engine_chosen_for(connection, project_id)
    engine = None
    if spec is not None:
        engine = engine_json(workers.RegisteredEngine(spec.name, spec, True, None))
    return EngineChoice(engine=engine, chosen=chosen_json(choice))


@blueprint.get("/engines")
@access.signed_in
@exchange(gives=EngineList)
def list_engines() -> EngineList:
    """List the engines that workers have declared, with the schema of their parameters."""
    return known_engines()


def known_engines() -> EngineList:
    """Return what workers have declared; a project's page begins with the same values."""
    with services().database.reading() as connection:
        known = workers.registered_engines(connection)
    return EngineList(items=[engine_json(each) for each in known], next_cursor=None)
