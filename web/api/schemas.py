"""What the API answers, one class an object; the OpenAPI document is made from them."""

from typing import Any
from uuid import UUID

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from shared.domain.accounts import Role
from shared.domain.events import ImageFailure
from shared.domain.images import ImageStatus, RejectionCode
from shared.domain.stats import DashboardMetrics, ProjectStats
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


class UserJson(Answer):
    """A person, as they see themselves."""

    id: UUID
    email: str
    name: str
    is_admin: bool
    time_zone: str
    preferences: dict[str, Any] = Field(default_factory=dict)
    created_at: Timestamp


class UserAnswer(Answer):
    """The account that was made."""

    user: UserJson


class LoginAnswer(Answer):
    """Who is signed in; `csrfToken` goes into the header of each write by cookie."""

    user: UserJson
    csrf_token: str | None = None


class TokenAnswer(Answer):
    """A new token; it is shown this once."""

    id: UUID
    token: str


class TokenJson(Answer):
    """A token without its secret."""

    id: UUID
    name: str
    created_at: Timestamp
    used_at: Timestamp | None = None


class TokenList(Answer):
    """The tokens of an account."""

    items: list[TokenJson]
    next_cursor: str | None


class TicketAnswer(Answer):
    """How to open one socket: connect to `url` and say hello with `ticket`."""

    ticket: str
    url: str
    expires_in: int


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
    role: Role
    owner: OwnerJson
    stats: ProjectStats
    thumbnail_url: str | None
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


class ImageJson(Answer):
    """An image; everywhere the same object."""

    id: UUID
    project_id: UUID
    filename: str
    sha256: str
    bytes: int
    width: int
    height: int
    channels: int
    bit_depth: int
    pixel_size_um: float | None = None
    page: int
    status: ImageStatus
    version: int
    object_count: int | None
    current_run_id: UUID | None = None
    last_error: ImageFailure | None = None
    waiting: WaitingJson | None = None
    created_at: Timestamp
    segmented_at: Timestamp | None = None
    thumbnail_url: str
    preview_url: str | None = None


class ImageList(Answer):
    """One page of images."""

    items: list[ImageJson]
    next_cursor: str | None


class DuplicateJson(Answer):
    """A file whose content the project has already."""

    filename: str
    image_id: UUID


class RejectionJson(Answer):
    """A file that was refused, and why."""

    filename: str
    code: RejectionCode
    detail: str


class UploadAnswer(Answer):
    """The verdict on each file of an upload; `stats` are those after it."""

    images: list[ImageJson]
    duplicates: list[DuplicateJson]
    rejected: list[RejectionJson]
    stats: ProjectStats


class DashboardAnswer(Answer):
    """A user's totals and projects."""

    metrics: DashboardMetrics
    projects: list[ProjectJson]


class Problem(Answer):
    """A refusal, as RFC 9457 writes it; `code` is for programs, `detail` for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[dict[str, str]] | None = None
