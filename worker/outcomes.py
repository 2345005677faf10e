"""Recording how a run ended, also while the database comes and goes."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from structlog import get_logger

from shared.actions.runs import complete_run, fail_run, give_back_run
from shared.database.engine import AWAY, Database
from shared.database.leases import has_result
from shared.domain.runs import ClaimedRun, FailureCode, Outcome
from shared.pausing import pause
from shared.storage import Storage

T = TypeVar("T")
logger = get_logger(__name__)

FIRST_WAIT = 0.1
LONGEST_WAIT = 2.0


class RecordingServices(Protocol):
    """What recording an outcome needs."""

    @property
    def database(self) -> Database: ...
    @property
    def storage(self) -> Storage: ...


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the run has no result."""

    code: FailureCode
    detail: str = ""


def record_result(
    services: RecordingServices, run: ClaimedRun, outcome: Outcome, *, patience: float
) -> bool:
    """Make the result current; False when the run is no longer ours: then its files are gone.

    While the database is away it is tried again, for *patience* seconds.
    """

    def record() -> bool:
        kept = services.database.transact(
            lambda tx: complete_run(tx, run, outcome=outcome), single=True
        )
        pause("segment.committed")
        # An earlier try may have been committed although its answer was lost.
        return kept or _is_recorded(services.database, run, outcome)

    kept = persistently(record, patience)
    if not kept:
        services.storage.delete(services.storage.list(outcome.result_path))
    return kept


def record_failure(
    services: RecordingServices, run: ClaimedRun, failure: Failure, *, patience: float
) -> bool:
    """Record the failure, or another attempt; False when the run is no longer ours."""
    return persistently(
        lambda: services.database.transact(
            lambda tx: fail_run(tx, run, code=failure.code, detail=failure.detail)
        ),
        patience,
    )


def give_back(services: RecordingServices, run: ClaimedRun, *, patience: float) -> bool:
    """Let the run wait again, none of its attempts used up; False when it is no longer ours."""
    return persistently(
        lambda: services.database.transact(lambda tx: give_back_run(tx, run), single=True),
        patience,
    )


def _is_recorded(database: Database, run: ClaimedRun, outcome: Outcome) -> bool:
    with database.reading() as connection:
        return has_result(connection, run.id, outcome.result_path)


def persistently(act: Callable[[], T], patience: float) -> T:
    """Do *act*, again while the database is away: each time on a fresh connection."""
    give_up, wait = None, FIRST_WAIT
    while True:
        try:
            return act()
        except AWAY as problem:
            give_up = give_up or time.monotonic() + patience
            if time.monotonic() + wait > give_up:
                raise
            logger.warning("no outcome could be recorded; trying again", error=str(problem).strip())
        time.sleep(wait)
        wait = min(2 * wait, LONGEST_WAIT)
