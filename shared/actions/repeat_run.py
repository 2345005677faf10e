"""Run again exactly: the same image, engine, version and parameters (E6)."""

from uuid import UUID, uuid4

from sqlalchemy.engine import RowMapping

from shared.actions.segment_images import PRIORITIES, Batch
from shared.database import access, batches, run_history, runs, workers
from shared.database.runs import RunRequest
from shared.database.transaction import Transaction
from shared.domain.engines import EngineSpec
from shared.domain.errors import ConflictError, NotFoundError


def repeat_run(tx: Transaction, *, run_id: UUID, user_id: UUID) -> Batch:
    """Queue the run once more, for whoever asks; its result is another run of the image."""
    run = run_history.run(tx.connection, run_id)
    if run is None or not access.lock_against_deletion(tx.connection, run["project_id"]):
        raise NotFoundError("This run does not exist.")
    project_id, batch_id, engine = run["project_id"], uuid4(), _same_engine(tx, run)
    new = batches.NewBatch(batch_id, project_id, user_id, engine.name, run["params"])
    batches.insert(tx.connection, new)
    asked = RunRequest(
        project_id=project_id,
        user_id=user_id,
        batch_id=batch_id,
        engine=engine,
        params=run["params"],
        priority=PRIORITIES["interactive"],
        force=True,
    )
    queued = runs.insert_runs(tx.connection, asked, "ids", [run["image_id"]]).queued
    if not queued:
        raise ConflictError(
            "This image is being segmented. Wait for the result, or cancel the run first.",
            code="image_active",
        )
    batches.record_size(tx.connection, batch_id, queued=queued, skipped=0)
    runs.wake_scheduler(tx.connection)
    return Batch(batch_id, project_id, engine.name, queued=queued, skipped=0)


def _same_engine(tx: Transaction, run: RowMapping) -> EngineSpec:
    name, version = run["engine"], run["engine_version"]
    for engine in workers.registered_engines(tx.connection):
        if engine.name == name and engine.spec is not None and engine.spec.version == version:
            return engine.spec
    raise ConflictError(
        f"The engine {name} {version} is not installed any more, so its run cannot be repeated "
        "exactly. Segment the image with an engine that is.",
        code="engine_unavailable",
    )
