"""Cancel what waits and what runs: an image, a batch, a project, or everything of mine."""

from dataclasses import replace
from uuid import UUID

from flask import Blueprint

from shared.actions.cancel_runs import Cancelled, cancel_runs
from shared.actions.ingest_archive import cancel_ingest
from shared.database import batches, images, ingests
from shared.database.cancelling import Scope
from shared.domain.accounts import Role
from shared.domain.events import Operation
from web import access
from web.access import services
from web.api.exchange import exchange, op_id
from web.api.run_schemas import CancelAnswer
from web.api.shapes import stats_now

blueprint = Blueprint("cancelling", __name__)


@blueprint.post("/projects/<uuid:project_id>/cancel")
@access.project_role(Role.EDITOR)
@exchange(gives=CancelAnswer)
def cancel_project(project_id: UUID) -> CancelAnswer:
    """Cancel every run of the project; its images return to what they were."""
    return _answer(_cancelled(Scope.PROJECT, project_id), project_id)


@blueprint.post("/batches/<uuid:batch_id>/cancel")
@access.batch_role(Role.EDITOR)
@exchange(gives=CancelAnswer)
def cancel_batch(batch_id: UUID) -> CancelAnswer:
    """Cancel what is left of a request to segment, or of an archive that is taken in."""
    runs = _cancelled(Scope.BATCH, batch_id)
    files = services().database.transact(lambda tx: cancel_ingest(tx, batch_id))
    done = replace(runs, waiting=runs.waiting + files)
    with services().database.reading() as connection:
        row = batches.progress(connection, batch_id) or ingests.ingest(connection, batch_id)
    return _answer(done, None if row is None else row["project_id"])


@blueprint.post("/images/<uuid:image_id>/cancel")
@access.image_role(Role.EDITOR)
@exchange(gives=CancelAnswer)
def cancel_image(image_id: UUID) -> CancelAnswer:
    """Cancel the run of an image."""
    done = _cancelled(Scope.IMAGE, image_id)
    with services().database.reading() as connection:
        row = images.image(connection, image_id)
    return _answer(done, None if row is None else row["project_id"])


@blueprint.post("/me/cancel")
@access.signed_in
@exchange(gives=CancelAnswer)
def cancel_mine() -> CancelAnswer:
    """Cancel every run that the account asked for, in whatever project."""
    return _answer(_cancelled(Scope.USER, access.current_account().id), None)


def _cancelled(scope: Scope, scope_id: UUID) -> Cancelled:
    actor_id = access.current_account().id
    return services().database.transact(
        lambda tx: cancel_runs(tx, scope, scope_id, actor_id=actor_id),
        operation=Operation.SEGMENTATION_CANCELLED,
        op_id=op_id(),
    )


def _answer(done: Cancelled, project_id: UUID | None) -> CancelAnswer:
    counts = None
    if project_id is not None:
        with services().database.reading() as connection:
            counts = stats_now(connection, project_id)
    return CancelAnswer(cancelled=done.waiting, running=done.running, stats=counts)
