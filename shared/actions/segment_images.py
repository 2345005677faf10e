"""Queue a run for every chosen image of a project."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from shared.database import access, batches, runs, workers
from shared.database.runs import RunRequest
from shared.database.transaction import Transaction
from shared.domain.engines import EngineSpec, Modality
from shared.domain.errors import InvalidInputError, NotFoundError, UnavailableError
from shared.domain.params import complete_params
from shared.messaging.ports import TaskQueue

PRIORITIES = {"high": 1, "normal": 5}


@dataclass(frozen=True, slots=True)
class SegmentRequest:
    """What a user asks for; `select` is a word of SELECTIONS or a list of image ids."""

    project_id: UUID
    user_id: UUID
    select: str | list[UUID] = "unprocessed"
    engine: str | None = None  #: None: the house's choice for the project's pictures.
    params: dict[str, Any] | None = None
    force: bool = False
    priority: str = "normal"


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of the request; skipped images have a run or the very result already."""

    id: UUID
    engine: str
    queued: int
    skipped: int


def segment_images(tx: Transaction, queue: TaskQueue, request: SegmentRequest) -> Batch:
    """Queue the runs; the scheduler dispatches them as soon as this is committed."""
    if not access.lock_against_deletion(tx.connection, request.project_id):
        raise NotFoundError("This project does not exist.")
    engine = _chosen_engine(tx, request)
    params = complete_params(engine, request.params or {})
    batch_id = uuid4()
    batches.insert(
        tx.connection,
        batches.NewBatch(batch_id, request.project_id, request.user_id, engine.name, params),
    )
    asked = RunRequest(
        project_id=request.project_id,
        user_id=request.user_id,
        batch_id=batch_id,
        engine=engine,
        params=params,
        priority=PRIORITIES[request.priority],
        force=request.force,
    )
    queued = _insert_runs(tx, asked, request.select)
    skipped = queued.chosen - queued.queued
    batches.record_size(tx.connection, batch_id, queued=queued.queued, skipped=skipped)
    if queued.queued:
        runs.wake_scheduler(tx.connection)
        tx.after_commit(lambda: queue.ask_recompute(request.project_id))
    return Batch(id=batch_id, engine=engine.name, queued=queued.queued, skipped=skipped)


def _insert_runs(tx: Transaction, asked: RunRequest, select: str | list[UUID]) -> runs.Queued:
    if isinstance(select, str):
        return runs.insert_runs(tx.connection, asked, select)
    ids = list(dict.fromkeys(select))
    queued = runs.insert_runs(tx.connection, asked, "ids", ids)
    if queued.chosen < len(ids):
        missing = len(ids) - queued.chosen
        raise NotFoundError(f"{missing} of the {len(ids)} images are not in this project.")
    return queued


def _chosen_engine(tx: Transaction, request: SegmentRequest) -> EngineSpec:
    """Return the engine asked for, or the default one for what the project's images look like."""
    registered = workers.registered_engines(tx.connection)
    if request.engine is not None:
        for engine in registered:
            if engine.name == request.engine and engine.spec is not None:
                return _available(engine, engine.spec)
        known = ", ".join(e.name for e in registered if e.available) or "none yet"
        raise InvalidInputError(
            f"There is no engine {request.engine!r}. Installed: {known}.", code="unknown_engine"
        )
    modality = batches.guessed_modality(tx.connection, request.project_id)
    specs = [e.spec for e in registered if e.available and e.spec is not None]
    for wanted in (modality, Modality.ANY):
        for spec in specs:
            if wanted in spec.default:
                return spec
    if specs:
        return specs[0]
    raise UnavailableError(
        "No engine is installed yet. Start a worker (`celltally worker`) and try again.",
        code="engine_unavailable",
    )


def _available(engine: workers.RegisteredEngine, spec: EngineSpec) -> EngineSpec:
    if not engine.available:
        raise UnavailableError(
            f"The engine {engine.name!r} is not available: {engine.reason}",
            code="engine_unavailable",
        )
    return spec
