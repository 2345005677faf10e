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
    if run["edited"]:
        raise ConflictError(
            "Somebody drew this result; no engine can repeat it. Repeat the run it began from.",
            code="edited_by_hand",
        )
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
        repeats=run_id,
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
    found = next((e for e in workers.registered_engines(tx.connection) if e.name == name), None)
    if found is None or found.spec is None or found.spec.version != version:
        raise _refusal(f"The engine {name} {version} is not installed any more")
    if not found.available:
        raise _refusal(f"The engine {name} {version} is not available ({found.reason})")
    weights = run["weights_sha256"]
    if weights is not None and found.spec.weights_sha256 != weights:
        raise _refusal(f"The weights that {name} {version} had are not installed any more")
    return found.spec


def _refusal(reason: str) -> ConflictError:
    return ConflictError(
        f"{reason}, so its run cannot be repeated exactly. "
        "Segment the image with an engine that is there.",
        code="engine_unavailable",
    )
