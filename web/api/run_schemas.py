"""What the API answers about segmenting: engines, batches, runs and their results."""

from typing import Any
from uuid import UUID

from shared.domain.events import ImageFailure
from shared.domain.runs import FailureCode, RunStatus
from shared.domain.stats import ProjectStats
from shared.domain.wire import Timestamp
from web.api.schemas import Answer, ImageJson


class SegmentAnswer(Answer):
    """What became of a request to segment; `stats` are those after it."""

    batch_id: UUID
    engine: str
    queued: int
    skipped: int
    stats: ProjectStats


class CancelAnswer(Answer):
    """How many runs were cancelled: those that waited and those at work, both for good.

    `stats` are those after it, where it concerned one project.
    """

    cancelled: int
    running: int
    stats: ProjectStats | None = None


class FailureGroup(Answer):
    """Failed images of one cause; `detail` says what it means and what to do about it."""

    code: FailureCode
    detail: str
    count: int


class FailureList(Answer):
    """The causes by which images of a project failed, the most frequent first."""

    items: list[FailureGroup]
    next_cursor: str | None


class ResultAnswer(Answer):
    """The image as it is shown now; `stats` are those after the change."""

    image: ImageJson
    stats: ProjectStats


class BatchJson(Answer):
    """How far a request to segment is."""

    id: UUID
    project_id: UUID
    engine: str
    params: dict[str, Any]
    queued: int
    skipped: int
    waiting: int
    running: int
    succeeded: int
    failed: int
    cancelled: int
    done: bool
    created_at: Timestamp


class EngineOfRun(Answer):
    """What made a result."""

    name: str
    version: str
    params: dict[str, Any]


class RunJson(Answer):
    """One request to segment an image, and how it ended."""

    id: UUID
    image_id: UUID
    status: RunStatus
    current: bool
    engine: EngineOfRun
    attempt: int
    requested_by: str | None = None  #: Absent when the account is gone.
    worker: str | None = None
    object_count: int | None = None
    duration_ms: int | None = None
    error: ImageFailure | None = None
    created_at: Timestamp
    started_at: Timestamp | None = None
    finished_at: Timestamp | None = None


class RunList(Answer):
    """The runs of an image, newest first."""

    items: list[RunJson]
    next_cursor: str | None


class SegmentationJson(Answer):
    """The outlined objects of an image; polygons are `[x, y]` along pixel edges."""

    run_id: UUID
    version: int
    engine: EngineOfRun
    objects: list[dict[str, Any]]


class EngineJson(Answer):
    """An engine that some worker has."""

    name: str
    version: str | None
    title: str
    licence: str | None
    modalities: list[str]
    params: dict[str, Any]
    default: list[str]
    available: bool
    reason: str | None = None


class EngineList(Answer):
    """The engines of all workers."""

    items: list[EngineJson]
    next_cursor: str | None
