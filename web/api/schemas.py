"""What the API answers, one class an object; the OpenAPI document is made from them."""

from uuid import UUID

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from shared.domain.accounts import Role, ShareStatus
from shared.domain.activities import Activity
from shared.domain.events import ImageFailure, Notice
from shared.domain.images import ImageStatus, RejectionCode
from shared.domain.quality import Flag, Quality
from shared.domain.stats import DashboardMetrics, ProjectStats
from shared.domain.uploads import UploadState
from shared.domain.wire import Timestamp, Wire


class Answer(Wire):
    """A value in an answer: required fields always stand there, if need be as null."""

    @model_serializer(mode="wrap")
    def _keep_required_nulls(self, serialise: SerializerFunctionWrapHandler):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a return type would replace the schema
        fields = serialise(self)
        for name, field in type(self).model_fields.items():
            if field.is_required() and getattr(self, name) is None:
                fields[field.alias or name] = None
        return fields


class MemberJson(Answer):
    """Who came in by a share, as the owner sees them."""

    id: UUID
    name: str
    email: str


class ShareJson(Answer):
    """A share, as the owner sees it: `url` and `token` let the invited in."""

    id: UUID
    email: str | None = None  #: Absent of a link.
    role: Role
    status: ShareStatus
    url: str
    token: str
    expires_at: Timestamp | None = None
    created_at: Timestamp
    accepted_by: list[MemberJson] | None = None


class ShareList(Answer):
    """One page of a project's shares."""

    items: list[ShareJson]
    next_cursor: str | None


class OwnerJson(Answer):
    """The owner of a project, as collaborators see them."""

    id: UUID
    name: str


class ProjectJson(Answer):
    """A project as its card shows it."""

    id: UUID
    title: str
    description: str
    pixel_size_um: float | None = None
    channels: list[int] | None = None  #: Which are segmented, counted from 1; absent is all.
    role: Role
    owner: OwnerJson
    stats: ProjectStats
    thumbnail_url: str | None
    mosaic_url: (
        str | None
    )  #: Its newest images in one picture; `&outlines=1` shows results on them.
    members: list[str] | None = None  #: Names of some who share it; told to its owner alone.
    member_count: int | None = None
    created_at: Timestamp
    updated_at: Timestamp


class ProjectList(Answer):
    """One page of projects."""

    items: list[ProjectJson]
    next_cursor: str | None


class DeletionAnswer(Answer):
    """What a deletion deleted; `stats` are those after it."""

    deleted: int
    stats: ProjectStats


class WaitingJson(Answer):
    """Why an image waits."""

    position: int
    workers_online: int
    reason: str
    eta_seconds: tuple[int, int] | None = None  #: Low and high; absent when nobody can tell.


class ProjectWaiting(Answer):
    """Why the last queued image of a project waits: when it is done, all are."""

    project_id: UUID
    waiting: WaitingJson


class ProjectWaitingList(Answer):
    """Always one page."""

    items: list[ProjectWaiting]
    next_cursor: str | None


class FlagJson(Answer):
    """A reason to look at an image's result again."""

    code: Flag
    title: str
    detail: str


class Progress(Answer):
    """How many tiles of an image are done, of how many."""

    done: int
    total: int


class ImageJson(Answer):
    """An image; everywhere the same object."""

    id: UUID
    project_id: UUID
    filename: str
    relative_path: str | None = None  #: Where it lay in the folder that was uploaded.
    sha256: str
    bytes: int
    width: int
    height: int
    channels: int
    bit_depth: int
    pixel_size_um: float | None = None
    page: int  #: Counted from 0: which of the images of its file it is …
    pages: int  #: … and of how many.
    status: ImageStatus
    version: int
    object_count: int | None
    quality: Quality | None = None
    flags: list[FlagJson] = Field(default_factory=list)  #: The weightiest first.
    suspicion: float | None = None  #: What `sort=suspicion` sorts by; absent without a result.
    current_run_id: UUID | None = None
    last_error: ImageFailure | None = None
    waiting: WaitingJson | None = None
    progress: Progress | None = None  #: Of the run at work on it.
    created_at: Timestamp
    segmented_at: Timestamp | None = None
    thumbnail_url: str
    preview_url: str | None = None


class ImageList(Answer):
    """One page of images."""

    items: list[ImageJson]
    next_cursor: str | None


class ImageIndex(Answer):
    """Which images a list has, in its order: three columns of one length.

    `truncated` says that the project has more of them.
    """

    ids: list[UUID]
    statuses: list[ImageStatus]
    object_counts: list[int | None]
    truncated: bool


class DuplicateJson(Answer):
    """A file whose content the project has already."""

    filename: str
    image_id: UUID


class RejectionJson(Answer):
    """A file that was refused, and why."""

    filename: str
    code: RejectionCode
    detail: str


class ArchiveJson(Answer):
    """A ZIP whose members are being taken in; `GET /batches/{batchId}` tells how far it is."""

    filename: str
    batch_id: UUID
    members: int


class UploadAnswer(Answer):
    """The verdict on each file of an upload; `stats` are those after it.

    `batchId` is that of the first ZIP, `archives` has all of them.
    """

    images: list[ImageJson]
    duplicates: list[DuplicateJson]
    rejected: list[RejectionJson]
    batch_id: UUID | None = None
    archives: list[ArchiveJson] | None = None
    stats: ProjectStats


class UploadJson(Answer):
    """A resumable upload that is not finished; tus goes on with it at `url`."""

    id: UUID
    project_id: UUID
    filename: str
    relative_path: str | None = None
    length: int
    offset: int  #: Bytes that are stored.
    state: UploadState
    url: str
    metadata: dict[str, str]  #: As its sender gave them.
    created_at: Timestamp
    expires_at: Timestamp


class UploadList(Answer):
    """Somebody's unfinished uploads; all of them."""

    items: list[UploadJson]
    next_cursor: str | None


class ActivityList(Answer):
    """One page of the feed; `nextCursor` is the `before` of the next one."""

    items: list[Activity]
    next_cursor: UUID | None


class NoticeList(Answer):
    """What the operator tells everybody now, the oldest first; always one page."""

    items: list[Notice]
    next_cursor: str | None


class DashboardAnswer(Answer):
    """A user's totals, projects, and what happened lately."""

    metrics: DashboardMetrics
    projects: list[ProjectJson]
    activity: list[Activity]


class Problem(Answer):
    """A refusal, as RFC 9457 writes it; `code` is for programs, `detail` for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[dict[str, str]] | None = None
