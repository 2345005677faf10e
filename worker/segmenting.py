"""Carry out one run, knowing nothing of Celery."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from traceback import clear_frames
from typing import Any, Protocol
from uuid import UUID

from structlog import get_logger

from shared.actions.runs import claim_run
from shared.database.engine import Database
from shared.domain.engines import Limits, Segmentation
from shared.domain.errors import CelltallyError, RejectedFileError, UnavailableError
from shared.domain.provenance import Environment
from shared.domain.runs import Claimant, ClaimedRun, FailureCode, Outcome
from shared.pausing import pause
from shared.reading import chosen_channels, read_pixels
from shared.results import save_result
from shared.storage import Storage
from worker.engines.progress import Listener, listening
from worker.holding import TakenAwayError, Watch
from worker.making import copied_result, making_of
from worker.outcomes import Failure, give_back, record_failure, record_result
from worker.turns import NoTurnError

logger = get_logger(__name__)

#: What went wrong, by the kind of an error whose own code is none of a run's.
CODES: tuple[tuple[type[CelltallyError], FailureCode], ...] = (
    (RejectedFileError, FailureCode.UNREADABLE_IMAGE),
    (UnavailableError, FailureCode.ENGINE_UNAVAILABLE),
)


class Engines(Protocol):
    """The engines of this process, loaded when first asked for."""

    def get(self, name: str) -> Any: ...


class EngineTurns(Protocol):
    """Who may be in an engine when."""

    def taken(self, limits: Limits) -> AbstractContextManager[float]: ...
    def tell(self, done: int, total: int) -> None: ...


class EngineServices(Protocol):
    """What having an engine outline an image needs."""

    @property
    def database(self) -> Database: ...
    @property
    def storage(self) -> Storage: ...
    @property
    def engines(self) -> Engines: ...
    @property
    def turns(self) -> EngineTurns: ...


class SegmentingServices(EngineServices, Protocol):
    """What carrying out a run needs."""

    @property
    def environment(self) -> Environment: ...


#: Turns a claimed run into its outcome; nothing of it is visible until the commit.
Step = Callable[[SegmentingServices, ClaimedRun], Outcome]


def outline(services: SegmentingServices, run: ClaimedRun) -> Outcome:
    """Read, segment, measure and store, unless the run is taken away between two steps.

    Where an earlier run made this very result, it is copied instead.
    """
    began = time.monotonic()
    watch = Watch(services.database, run)
    engine = services.engines.get(run.engine)
    making = making_of(run, engine.spec, services.environment)
    path = f"results/{run.image_id}/{run.token}/"
    if copied := copied_result(services, run, making, path):
        making, objects = copied
        return Outcome(objects, _milliseconds(began), path, making)
    image = read_pixels(services.storage.read(run.storage_key), run.page)
    with services.turns.taken(engine.spec.limits) as waited:
        watch.check()
        with listening(_to(services.turns, watch)):
            found: Segmentation = engine.call(
                chosen_channels(image, run.channels), run.pixel_size_um, **making.params
            )
    watch.check()
    summary = save_result(
        services.storage,
        path,
        segmentation=engine.accept(found, image),
        image=image,
        pixel_size_um=run.pixel_size_um,
    )
    duration_ms = _milliseconds(began + waited)
    return Outcome(summary.object_count, duration_ms, path, making, summary.quality)


def _milliseconds(began: float) -> int:
    return round(1000 * (time.monotonic() - began))


def _to(turns: EngineTurns, watch: Watch) -> Listener:
    """Return who is told of each tile: the heartbeat, and the watch, which may stop the work."""

    def hear(done: int, total: int) -> None:
        turns.tell(done, total)
        watch.check()

    return hear


def carry_out(
    services: SegmentingServices,
    run_id: UUID,
    claimant: Claimant,
    *,
    step: Step = outline,
    is_timeout: Callable[[BaseException], bool],
) -> bool:
    """Do *step* for the run's image and record the outcome; False when the run is not ours.

    *is_timeout* tells the exception by which the task's time limit interrupts the work.
    """
    run = services.database.transact(
        lambda tx: claim_run(tx, run_id, claimant=claimant), single=True
    )
    if run is None:  # Delivered twice, cancelled or deleted: somebody else has the say.
        return False
    log = logger.bind(run_id=str(run.id), image_id=str(run.image_id), attempt=run.attempt)
    pause("segment.claimed")
    patience = claimant.lease_seconds
    try:
        outcome = step(services, run)
    except TakenAwayError:
        log.info("run was taken away; nothing of it is kept")
        return False
    except NoTurnError:
        log.info("no turn at the engine came soon; another worker may have one")
        give_back(services, run, patience=patience)
        return False
    except Exception as problem:
        failure = _failure_of(problem, is_timeout)
        log.warning("run failed", code=failure.code, detail=failure.detail, exc_info=problem)
        clear_frames(problem.__traceback__)  # They hold the image, and memory may be short.
        return record_failure(services, run, failure, patience=patience)
    pause("segment.before_commit")
    kept = record_result(services, run, outcome, patience=patience)
    log.info("run done", kept=kept, objects=outcome.object_count, ms=outcome.duration_ms)
    return kept


def _failure_of(problem: Exception, is_timeout: Callable[[BaseException], bool]) -> Failure:
    """Return the code that a biologist can act on for what went wrong."""
    if is_timeout(problem):
        return Failure(FailureCode.TIMEOUT)
    if isinstance(problem, MemoryError):
        return Failure(FailureCode.OUT_OF_MEMORY)
    if isinstance(problem, CelltallyError):
        return Failure(_code_of(problem), problem.detail)
    return Failure(FailureCode.ENGINE_ERROR, f"The engine stopped: {type(problem).__name__}.")


def _code_of(problem: CelltallyError) -> FailureCode:
    with suppress(ValueError):
        return FailureCode(problem.code)
    for kind, code in CODES:
        if isinstance(problem, kind):
            return code
    return FailureCode.ENGINE_ERROR
