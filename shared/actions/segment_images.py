"""Queue a run for every chosen image of a project."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from shared.database import access, batches, retrying, runs, workers
from shared.database.retrying import RetryRequest
from shared.database.runs import Queued, RunRequest
from shared.database.transaction import Transaction
from shared.domain.engines import EngineSpec, Modality
from shared.domain.errors import InvalidInputError, NotFoundError, UnavailableError
from shared.domain.params import complete_params

#: Somebody looks at the one image they ask for: it goes before what was asked for in bulk.
PRIORITIES = {"interactive": 0, "high": 1, "normal": 5}

#: What a batch names as its engine when each image has that of its last run.
AS_BEFORE = "as before"


@dataclass(frozen=True, slots=True)
class SegmentRequest:
    """What a user asks for; `select` is a word of SELECTIONS or a list of image ids."""

    project_id: UUID
    user_id: UUID
    select: str | list[UUID] = "unprocessed"
    engine: str | None = None  #: None: the house's choice for the project's pictures.
    params: dict[str, Any] | None = None
    force: bool = False
    priority: str | None = None  #: None: interactive for one image, normal for more.
    failure_code: str | None = None  #: Of the failed ones, only those of this cause.
    again: bool = False  #: Each with the engine and parameters of its last run.

    @property
    def place(self) -> int:
        """Where the runs stand in line; lower goes first."""
        alone = not isinstance(self.select, str) and len(set(self.select)) == 1
        return PRIORITIES[self.priority or ("interactive" if alone else "normal")]

    @property
    def selection(self) -> str:
        """The word of SELECTIONS that names the images."""
        if not isinstance(self.select, str):
            return "ids"
        return self.select if self.failure_code is None else "failed_because"

    @property
    def ids(self) -> list[UUID]:
        """The images that are named one by one, each once."""
        return [] if isinstance(self.select, str) else list(dict.fromkeys(self.select))


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of the request; skipped images have a run or the very result already."""

    id: UUID
    project_id: UUID
    engine: str
    queued: int
    skipped: int


def segment_images(tx: Transaction, request: SegmentRequest) -> Batch:
    """Queue the runs; the scheduler dispatches them as soon as this is committed."""
    if not access.lock_against_deletion(tx.connection, request.project_id):
        raise NotFoundError("This project does not exist.")
    batch_id = uuid4()
    asked = _asked_again if request.again else _asked
    engine, queued = asked(tx, request, batch_id)
    if queued.chosen < len(request.ids):
        missing = len(request.ids) - queued.chosen
        raise NotFoundError(f"{missing} of the {len(request.ids)} images are not in this project.")
    skipped = queued.chosen - queued.queued
    batches.record_size(tx.connection, batch_id, queued=queued.queued, skipped=skipped)
    if queued.queued:
        runs.wake_scheduler(tx.connection)
    return Batch(
        id=batch_id,
        project_id=request.project_id,
        engine=engine,
        queued=queued.queued,
        skipped=skipped,
    )


def _asked(tx: Transaction, request: SegmentRequest, batch_id: UUID) -> tuple[str, Queued]:
    engine = _chosen_engine(tx, request)
    params = complete_params(engine, request.params or {})
    _insert_batch(tx, request, batch_id, engine.name, params)
    asked = RunRequest(
        project_id=request.project_id,
        user_id=request.user_id,
        batch_id=batch_id,
        engine=engine,
        params=params,
        priority=request.place,
        force=request.force,
        failure_code=request.failure_code,
    )
    return engine.name, runs.insert_runs(tx.connection, asked, request.selection, request.ids)


def _asked_again(tx: Transaction, request: SegmentRequest, batch_id: UUID) -> tuple[str, Queued]:
    registered = workers.registered_engines(tx.connection)
    _insert_batch(tx, request, batch_id, AS_BEFORE, {})
    asked = RetryRequest(
        project_id=request.project_id,
        user_id=request.user_id,
        batch_id=batch_id,
        engines=[e.spec for e in registered if e.spec is not None and e.available],
        priority=request.place,
        failure_code=request.failure_code,
    )
    queued = retrying.insert_retries(tx.connection, asked, request.selection, request.ids)
    return AS_BEFORE, queued


def _insert_batch(
    tx: Transaction, request: SegmentRequest, batch_id: UUID, engine: str, params: dict[str, Any]
) -> None:
    new = batches.NewBatch(batch_id, request.project_id, request.user_id, engine, params)
    batches.insert(tx.connection, new)


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
