"""What a segmentation run is: its states, its legal moves, and why it may fail."""

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

from shared.domain.provenance import Making
from shared.domain.quality import Quality


class RunStatus(StrEnum):
    """The state of one request to segment one image."""

    QUEUED = "queued"  #: Waits for a worker, dispatched or not.
    RUNNING = "running"  #: A worker claimed it and renews its lease.
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


ACTIVE_RUNS = frozenset({RunStatus.QUEUED, RunStatus.RUNNING})

#: Every legal move; the database refuses any other.
TRANSITIONS = MappingProxyType(
    {
        RunStatus.QUEUED: frozenset({RunStatus.RUNNING, RunStatus.CANCELLED}),
        RunStatus.RUNNING: frozenset(
            {
                RunStatus.QUEUED,
                RunStatus.SUCCEEDED,
                RunStatus.FAILED,
                RunStatus.CANCELLED,
            }
        ),
        RunStatus.SUCCEEDED: frozenset(),
        RunStatus.FAILED: frozenset(),
        RunStatus.CANCELLED: frozenset(),
    }
)


class FailureCode(StrEnum):
    """Why a run failed, for programs; SENTENCES has it for people."""

    UNREADABLE_IMAGE = "unreadable_image"
    UNSUPPORTED_FORMAT = "unsupported_format"
    TOO_LARGE = "too_large"
    ENGINE_ERROR = "engine_error"
    ENGINE_UNAVAILABLE = "engine_unavailable"
    OUT_OF_MEMORY = "out_of_memory"
    TIMEOUT = "timeout"
    WORKER_LOST = "worker_lost"
    STORAGE_ERROR = "storage_error"


#: Causes that may pass: such a run is tried again by itself, with back-off.
RETRIED = frozenset(
    {
        FailureCode.ENGINE_UNAVAILABLE,
        FailureCode.OUT_OF_MEMORY,
        FailureCode.TIMEOUT,
        FailureCode.WORKER_LOST,
        FailureCode.STORAGE_ERROR,
    }
)

#: What each cause means and what a biologist can do about it.
SENTENCES = MappingProxyType(
    {
        FailureCode.UNREADABLE_IMAGE: "The stored file could not be read as an image. "
        "Open it in your microscope's program, save it again and upload that copy.",
        FailureCode.UNSUPPORTED_FORMAT: "This kind of image is not supported. "
        "Save it as TIFF or PNG and upload that copy.",
        FailureCode.TOO_LARGE: "The image is larger than this engine takes. "
        "Crop it or choose another engine.",
        FailureCode.ENGINE_ERROR: "The engine stopped with an error on this image. "
        "Try other parameters or another engine.",
        FailureCode.ENGINE_UNAVAILABLE: "No worker has this engine ready. "
        "Ask your administrator, or choose another engine.",
        FailureCode.OUT_OF_MEMORY: "Segmenting this image needed more memory than a worker has. "
        "Crop it or choose a lighter engine.",
        FailureCode.TIMEOUT: "Segmenting this image took longer than the engine allows. "
        "Crop it or choose a faster engine.",
        FailureCode.WORKER_LOST: "The worker stopped in the middle of this image, several times. "
        "Retry it; if it happens again, the image may be too large.",
        FailureCode.STORAGE_ERROR: "A file could not be read or written. "
        "Retry later; your administrator can see the cause.",
    }
)

#: Why another attempt is made, to people who wait for it.
RETRY_SENTENCES = MappingProxyType(
    {
        FailureCode.ENGINE_UNAVAILABLE: "The worker could not load the engine.",
        FailureCode.OUT_OF_MEMORY: "The last attempt ran out of memory.",
        FailureCode.TIMEOUT: "The last attempt took longer than the engine allows.",
        FailureCode.WORKER_LOST: "The worker of the last attempt stopped in the middle of it.",
        FailureCode.STORAGE_ERROR: "The last attempt could not read or write a file.",
    }
)

MAX_ATTEMPTS = 3

#: Each of the first losses of a whole worker gives a run one attempt more: a machine that is
#: switched off says little about the image that it had, a child that dies says much.
FORGIVEN_LOSSES = 2

BACKOFF_SECONDS = (2, 10)  #: Wait before the second and the third attempt.


@dataclass(frozen=True, slots=True)
class ClaimedRun:
    """A run that this process may carry out: `token` is the right to write its outcome."""

    id: UUID
    token: UUID
    attempt: int
    image_id: UUID
    project_id: UUID
    engine: str
    engine_version: str  #: As it was asked for; the worker may have another one by now.
    params: dict[str, Any] = field(hash=False)
    fresh: bool  #: No earlier result will do.
    exact: bool  #: Neither will another version of the engine.
    channels: list[int] | None = field(hash=False)  #: That are segmented; None is all.
    storage_key: str
    sha256: str
    page: int
    pixel_size_um: float | None


@dataclass(frozen=True, slots=True)
class Claimant:
    """Who claims: a child process of a worker, whose parent renews the lease."""

    worker: str
    pid: int
    lease_seconds: int
    environment: str | None = None  #: The digest of what it computes with.


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run led to; `result_path` is a folder of storage that holds the run's token."""

    object_count: int
    duration_ms: int
    result_path: str
    making: Making | None = None
    quality: Quality | None = None  #: None of a copied result: it has that of its source.


@dataclass(frozen=True, slots=True)
class DispatchedRun:
    """A run to send to a worker, with the seconds that its engine may take."""

    run_id: UUID
    queue: str
    soft_limit: int
    hard_limit: int


def may_move(before: RunStatus, after: RunStatus) -> bool:
    """Tell whether a run may go from *before* to *after*."""
    return after in TRANSITIONS[before]


def backoff_seconds(attempt: int) -> int:
    """Return how long a run waits after its *attempt*-th try failed."""
    return BACKOFF_SECONDS[min(attempt, len(BACKOFF_SECONDS)) - 1]
