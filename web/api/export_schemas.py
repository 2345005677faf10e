"""What is said of exports over the API."""

from uuid import UUID

from pydantic import Field, field_validator, model_validator

from shared.domain.events import ExportStatus
from shared.domain.exports import ExportFailure, ExportFormat, Selection
from shared.domain.images import ImageStatus
from shared.domain.wire import Timestamp, Wire
from web.api.requests import MOST_IMAGES
from web.api.schemas import Answer


class ExportOptions(Wire):
    """What else an export may be told."""

    #: Only images that have one of these statuses; all by default.
    status: list[ImageStatus] | None = Field(default=None, min_length=1, max_length=6)


class ExportBody(Wire):
    """Which formats, of which images: those named, or those of some statuses, or all."""

    formats: list[ExportFormat] = Field(min_length=1, max_length=len(ExportFormat))
    image_ids: list[UUID] | None = Field(default=None, min_length=1, max_length=MOST_IMAGES)
    options: ExportOptions = Field(default_factory=ExportOptions)

    @field_validator("formats")
    @classmethod
    def _once_each(cls, formats: list[ExportFormat]) -> list[ExportFormat]:
        return list(dict.fromkeys(formats))

    @model_validator(mode="after")
    def _one_way(self) -> "ExportBody":
        if self.image_ids is not None and self.options.status is not None:
            raise ValueError("give imageIds or options.status, not both")
        return self

    @property
    def selection(self) -> Selection:
        """The images that are chosen."""
        ids, statuses = self.image_ids, self.options.status
        return Selection(
            None if ids is None else tuple(ids), None if statuses is None else tuple(statuses)
        )


class ExportJson(Answer):
    """An export; `done` of `total` images are written."""

    id: UUID
    project_id: UUID
    status: ExportStatus
    formats: list[ExportFormat]
    options: ExportOptions
    done: int
    total: int
    bytes: int | None = None  #: Of the file, once there is one.
    detail: str | None = None  #: Why it waits or failed, or what is not in it.
    code: ExportFailure | None = None
    created_at: Timestamp
    started_at: Timestamp | None = None
    finished_at: Timestamp | None = None
    expires_at: Timestamp | None = None  #: When it is deleted.
    download_url: str | None = None


class ExportList(Answer):
    """One page of exports."""

    items: list[ExportJson]
    next_cursor: str | None
