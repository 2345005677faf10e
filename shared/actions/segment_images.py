"""Queue a run for every chosen image of a project."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection

from shared.database import access, batches, retrying, runs, workers
from shared.database.retrying import RetryRequest
from shared.database.runs import Queued, RunRequest
from shared.database.transaction import Transaction
from shared.domain.choice import AUTOMATIC, Choice, default_engine
from shared.domain.engines import EngineSpec
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
    engine: str | None = None  #: None or `auto`: the house's choice for the project's pictures.
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
    tx.expect_many()
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
    engine, choice = _chosen_engine(tx, request)
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
        choice=choice,
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


def engine_chosen_for(connection: Connection, project_id: UUID) -> tuple[EngineSpec | None, Choice]:
    """Return the engine that is taken when nobody names one, and by what; None: none is there."""
    registered = workers.registered_engines(connection)
    choice = batches.choice_for(connection, project_id)
    specs = [e.spec for e in registered if e.available and e.spec is not None]
    return default_engine(specs, choice.modality), choice


def engine_for(tx: Transaction, project_id: UUID, name: str | None) -> EngineSpec:
    """Return the engine of this name, or else the one for what the project's images look like."""
    return _chosen_engine(tx, SegmentRequest(project_id, UUID(int=0), engine=name))[0]


def _chosen_engine(tx: Transaction, request: SegmentRequest) -> tuple[EngineSpec, Choice | None]:
    """Return the engine asked for, or the default one for what the project's images look like."""
    if request.engine is not None and request.engine != AUTOMATIC:
        return _named_engine(tx, request.engine), None
    spec, choice = engine_chosen_for(tx.connection, request.project_id)
    if spec is None:
        raise UnavailableError(
            "No engine is installed yet. Start a worker (`celltally worker`) and try again.",
            code="engine_unavailable",
        )
    return spec, choice


def _named_engine(tx: Transaction, name: str) -> EngineSpec:
    registered = workers.registered_engines(tx.connection)
    for engine in registered:
        if engine.name == name and engine.spec is not None:
            return _available(engine, engine.spec)
    known = ", ".join(e.name for e in registered if e.available) or "none yet"
    raise InvalidInputError(
        f"There is no engine {name!r}. Installed: {known}.", code="unknown_engine"
    )


def _available(engine: workers.RegisteredEngine, spec: EngineSpec) -> EngineSpec:
    if not engine.available:
        raise UnavailableError(
            f"The engine {engine.name!r} is not available: {engine.reason}",
            code="engine_unavailable",
        )
    return spec
