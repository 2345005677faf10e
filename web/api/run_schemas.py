"""What the API answers about segmenting: engines, batches, runs and their results."""

from typing import Any, Literal
from uuid import UUID

from shared.domain.engines import Modality
from shared.domain.events import ImageFailure
from shared.domain.runs import FailureCode, RunStatus
from shared.domain.stats import ProjectStats
from shared.domain.wire import Timestamp
from shared.reading.tiles import Packing
from web.api.schemas import Answer, DuplicateJson, ImageJson, Progress, RejectionJson


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


class FailureCause(FailureGroup):
    """The same of all projects together."""

    projects: int  #: In how many of them.


class FailureCauses(Answer):
    """The causes by which images failed anywhere, the most frequent first; always one page."""

    items: list[FailureCause]
    next_cursor: str | None


class FailureList(Answer):
    """The causes by which images of a project failed, the most frequent first."""

    items: list[FailureGroup]
    next_cursor: str | None


class ResultAnswer(Answer):
    """The image as it is shown now; `stats` are those after the change."""

    image: ImageJson
    stats: ProjectStats


class BatchJson(Answer):
    """How far a request is: to segment (a run each image), or to take in the files of a ZIP.

    Of the latter `queued` are its files, of which so many wait, were taken in or were there
    already (succeeded), or were refused (failed); `images` came of them, and `detail` says why
    it could not be gone on with.
    """

    id: UUID
    project_id: UUID
    kind: Literal["segment", "ingest"]
    engine: str | None = None
    params: dict[str, Any] | None = None
    filename: str | None = None
    queued: int
    skipped: int
    waiting: int
    running: int
    succeeded: int
    failed: int
    cancelled: int
    images: int | None = None
    duplicates: list[DuplicateJson] | None = None
    rejected: list[RejectionJson] | None = None
    detail: str | None = None
    done: bool
    created_at: Timestamp


class Chosen(Answer):
    """Why an engine was chosen that nobody named; `reason` says it in words."""

    modality: Modality | None = None
    images: int
    of: int
    reason: str


class EngineOfRun(Answer):
    """What made a result."""

    name: str
    version: str
    params: dict[str, Any]
    chosen: Chosen | None = None  #: Absent when the engine was named.


class InputOfRun(Answer):
    """What a run was given: the file by its SHA-256, and what of it was looked at."""

    sha256: str
    page: int
    channels: list[int] | None = None  #: Counted from 1; absent is all.
    pixel_size_um: float | None = None


class EarlierRun(Answer):
    """That a result is a copy of an earlier one; `runId` where that is in the same project."""

    run_id: UUID | None = None


class EditOfRun(Answer):
    """That somebody drew a result: who, when, and from which run's result they began."""

    by: str | None = None  #: Absent when the account is gone.
    at: Timestamp
    run_id: UUID | None = None  #: Absent when the image had no result before.


class ProvenanceJson(Answer):
    """What made a result. What was not noted (by earlier versions) or has no answer is absent."""

    input: InputOfRun
    engine: EngineOfRun
    weights_sha256: str | None = None
    computed_with: dict[str, Any] | None = None  #: Versions of celltally and of what decides.
    host: str | None = None
    recipe: str | None = None  #: The digest of all that decides the result, if it is decided.
    taken_from: EarlierRun | None = None  #: Present when no engine was run for it.
    edited: EditOfRun | None = None  #: Present when somebody drew it.
    repeats: UUID | None = None  #: The run that it did again exactly.
    requested_at: Timestamp
    started_at: Timestamp | None = None
    finished_at: Timestamp | None = None
    duration_ms: int | None = None


class RunJson(Answer):
    """One request to segment an image, and how it ended."""

    id: UUID
    image_id: UUID
    status: RunStatus
    current: bool
    engine: EngineOfRun
    attempt: int
    progress: Progress | None = None  #: While it runs, once its worker told.
    requested_by: str | None = None  #: Absent when the account is gone.
    worker: str | None = None
    object_count: int | None = None
    duration_ms: int | None = None
    version: int | None = None  #: Which result of the image it made.
    edited: bool  #: Somebody drew it: `requestedBy`.
    outrun: bool  #: Its result was not shown, for somebody edited the image meanwhile.
    error: ImageFailure | None = None
    provenance: ProvenanceJson
    created_at: Timestamp
    started_at: Timestamp | None = None
    finished_at: Timestamp | None = None


class RunList(Answer):
    """The runs of an image, newest first."""

    items: list[RunJson]
    next_cursor: str | None


class SegmentationJson(Answer):
    """The outlined objects of an image; polygons are `[x, y]` along pixel edges.

    `engine` is what the first result was made with; `edited` is there when somebody changed it by
    hand since. An object that was given a class has `class`. `stats` are those after a change.
    """

    run_id: UUID
    version: int
    engine: EngineOfRun
    edited: EditOfRun | None = None
    objects: list[dict[str, Any]]
    summary: dict[
        str, Any
    ]  #: Measurements of the image; empty of a result stored before it had any.
    stats: ProjectStats | None = None


class HistogramJson(Answer):
    """Counts of the numbers from `first` on, each of the next `step`, in a sample of the pixels."""

    first: float
    step: float
    counts: list[int]


class ChannelJson(Answer):
    """A channel of tiles: what is stored stands for `offset + scale * stored`.

    From `low` to `high` is what a screen shows at first.
    """

    minimum: float
    maximum: float
    low: float
    high: float
    offset: float
    scale: float
    histogram: HistogramJson


class TilesJson(Answer):
    """What tiles an image has; while they are made, only when to ask again (in seconds).

    Sizes halve from `level` 0, the whole one; the last fits one tile.
    """

    ready: bool
    retry_after: int | None = None
    width: int | None = None
    height: int | None = None
    tile: int | None = None  #: Pixels a side.
    levels: int | None = None
    packing: Packing | None = None
    bits: int | None = None  #: 8 or 16, of a stored number.
    channels: list[ChannelJson] | None = None


class MeasurementJson(Answer):
    """A measurement by its key in `measurements` or `summary`: what it is and in which unit."""

    name: str
    title: str
    unit: str
    description: str
    source: str
    of: Literal["object", "image"]
    by_channel: bool  #: `:<channel>` follows the name where an image has several channels.


class MeasurementList(Answer):
    """All measurements, in the order of tables."""

    items: list[MeasurementJson]
    next_cursor: str | None


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


class EngineChoice(Answer):
    """The engine that is taken for a project's images when none is named, and why."""

    engine: EngineJson | None  #: Null: no engine is available.
    chosen: Chosen


class EngineList(Answer):
    """The engines of all workers."""

    items: list[EngineJson]
    next_cursor: str | None
