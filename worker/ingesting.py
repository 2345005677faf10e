"""Go on with one archive, for as long as a task may take."""

import time
from collections.abc import Callable
from typing import Protocol
from uuid import UUID

from structlog import get_logger

from shared.actions.holding import HeldInspector
from shared.actions.ingest_archive import (
    ArchiveServices,
    FencedError,
    fail_ingest,
    opened_archive,
    take_in_group,
)
from shared.config import Settings
from shared.database import ingests
from shared.database.engine import Database
from shared.domain.errors import NotFoundError, RejectedFileError
from shared.domain.ingests import ClaimedIngest, IngestStatus
from shared.messaging.ports import TaskQueue
from shared.pausing import pause
from shared.storage import Storage

logger = get_logger(__name__)

#: So long one task goes on; then others have their turn, and a stop waits for no archive.
BUDGET_SECONDS = 60.0
_RENEW_SECONDS = 15.0


class IngestServices(ArchiveServices, Protocol):
    """What taking in an archive needs."""


class _Held:
    """The services, with the inspector that keeps the claim."""

    def __init__(self, services: IngestServices, inspector: HeldInspector) -> None:
        self.settings: Settings = services.settings
        self.database: Database = services.database
        self.storage: Storage = services.storage
        self.queue: TaskQueue = services.queue
        self.inspector = inspector


def ingest(
    services: IngestServices,
    ingest_id: UUID,
    *,
    budget: float = BUDGET_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> bool:
    """Take in members until all are or the time is up; False when the archive is not ours."""
    held = services.database.transact(lambda tx: ingests.claim(tx.connection, ingest_id))
    if held is None:  # Delivered twice, or over.
        return False
    log = logger.bind(ingest_id=str(held.id), project_id=str(held.project_id))

    def renew() -> None:
        if not services.database.transact(lambda tx: ingests.renew(tx.connection, held)):
            raise FencedError

    inspector = HeldInspector(services.inspector, renew, _RENEW_SECONDS, clock)
    try:
        _go_on(_Held(services, inspector), held, until=clock() + budget, clock=clock)
    except FencedError:
        log.info("an archive was taken away; what was not recorded is not kept")
        return False
    except (RejectedFileError, NotFoundError) as problem:
        log.warning("an archive cannot be gone on with", detail=problem.detail)
        return fail_ingest(services.database, held, problem)
    return True


def _go_on(
    services: _Held, held: ClaimedIngest, *, until: float, clock: Callable[[], float]
) -> None:
    position, limit = held.position, services.settings.max_image_bytes
    with opened_archive(services.storage, held, max_image_bytes=limit) as archive:
        while position < len(archive.members):
            position = take_in_group(services, held, archive, position)
            pause("ingest.group_done")
            if position < len(archive.members) and clock() >= until:
                services.database.transact(lambda tx: ingests.release(tx.connection, held))
                services.queue.ask_ingest(held.id)
                return
    services.database.transact(lambda tx: ingests.end(tx.connection, held, IngestStatus.DONE, None))
