"""What an ingest is: an archive whose members become images."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class IngestStatus(StrEnum):
    """The state of an archive that is taken in."""

    QUEUED = "queued"  #: Waits for a worker.
    RUNNING = "running"  #: A worker is at its members.
    DONE = "done"
    CANCELLED = "cancelled"  #: Nobody wants the rest; what was taken in before stays.
    FAILED = "failed"  #: It could not be gone on with; what was taken in before stays.


#: Claims in a row without any progress, after which an archive is given up.
MAX_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class ClaimedIngest:
    """An archive that this process may go on with, from its member number `position`."""

    id: UUID
    token: UUID
    project_id: UUID
    user_id: UUID
    filename: str
    storage_key: str
    position: int
    op_id: str | None
