"""What may be sent to the API, one class a body or query; unknown fields are refused."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from shared.database import cards, images
from shared.domain.accounts import Role, TokenScope
from shared.domain.activities import ActivityType
from shared.domain.images import LARGEST_PIXEL_UM, SMALLEST_PIXEL_UM, ImageStatus
from shared.domain.runs import FailureCode
from shared.domain.wire import Wire

LARGEST_PAGE = 200
LONGEST_CURSOR = 2000  #: It holds a title, of 200 letters of four bytes at most.
MOST_IMAGES = 10_000
LONGEST_IDS = 3_000  #: Characters; a server takes no address longer than 4,094.
LARGEST_PREFERENCES = 100  #: Entries.
LONGEST_YEARS = 10  #: Of a share or a token.

#: One line of text; PostgreSQL cannot store NUL, and no name has other control characters.
Line = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]*$")]
Title = Annotated[Line, StringConstraints(min_length=1, max_length=200)]
Name = Annotated[Line, StringConstraints(min_length=1, max_length=100)]
Words = Annotated[Line, StringConstraints(max_length=200)]
Prose = Annotated[str, StringConstraints(max_length=5000, pattern=r"^[^\x00]*$")]
Email = Annotated[Line, StringConstraints(min_length=3, max_length=254)]
PixelSize = Annotated[float, Field(ge=SMALLEST_PIXEL_UM, le=LARGEST_PIXEL_UM)]

MOST_CHANNELS = 64


def _rising(channels: list[int]) -> list[int]:
    """Return the channels in their order, each once: the same choice is always written the same."""
    return sorted(set(channels))


#: Channels of an image, counted from 1.
Channels = Annotated[
    list[Annotated[int, Field(ge=1, le=MOST_CHANNELS)]],
    Field(min_length=1, max_length=MOST_CHANNELS),
    AfterValidator(_rising),
]


def _to_come(moment: datetime) -> datetime:
    # Compared by calendar first: a moment of the year 9999 may be none in UTC.
    if moment.year > datetime.now(UTC).year + LONGEST_YEARS:
        raise ValueError(f"choose a moment within {LONGEST_YEARS} years, or none")
    if moment <= datetime.now(UTC):
        raise ValueError("is over already")
    return moment


#: When a share or a token ends.
End = Annotated[AwareDatetime, AfterValidator(_to_come)]


class NewUserBody(Wire):
    """Who wants an account."""

    email: Email
    password: str = Field(max_length=1024)
    name: Name


class LoginBody(Wire):
    """Who wants in."""

    email: Email
    password: str = Field(max_length=1024)


class ProfileBody(Wire):
    """What to change of the account."""

    name: Name | None = None
    time_zone: Line | None = Field(default=None, max_length=100)
    preferences: dict[str, Any] | None = Field(default=None, max_length=LARGEST_PREFERENCES)


class PasswordBody(Wire):
    """The password of today, and the one from now on."""

    current_password: str = Field(max_length=1024)
    new_password: str = Field(max_length=1024)


class TokenBody(Wire):
    """What a token is for, what it may do, and until when."""

    name: Name
    scope: TokenScope = TokenScope.ALL
    expires_at: End | None = None


class ProjectBody(Wire):
    """A project to be made."""

    title: Title
    description: Prose = ""
    pixel_size_um: PixelSize | None = None
    channels: Channels | None = None  #: Which are segmented; absent is all.


class ProjectChanges(Wire):
    """What to change of a project; what is left out stays, what is null goes.

    Channels that are null are all of them.
    """

    title: Title = ""
    description: Prose = ""
    pixel_size_um: PixelSize | None = None
    channels: Channels | None = None


class ShareBody(Wire):
    """To whom a project is opened: to one address, or to whoever holds the link."""

    email: Email | None = None
    link: Literal[True] | None = None
    role: Literal[Role.VIEWER, Role.EDITOR]
    expires_at: End | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "ShareBody":
        if (self.email is None) == (self.link is None):
            raise ValueError("give either email or link: true")
        return self


class InvitationBody(Wire):
    """The token of an invitation."""

    token: str = Field(max_length=1000)


class ActivityQuery(Wire):
    """Which entries of the feed."""

    limit: int = Field(default=50, ge=1, le=LARGEST_PAGE)
    before: UUID | None = None  #: The last entry of the page before.
    project: UUID | None = None
    type: ActivityType | None = None


class UploadQuery(Wire):
    """Of which project; of all without."""

    project_id: UUID | None = None


class PageQuery(Wire):
    """Which part of a list."""

    limit: int = Field(default=50, ge=1, le=LARGEST_PAGE)
    cursor: str | None = Field(default=None, max_length=LONGEST_CURSOR, pattern=r"^[A-Za-z0-9_-]+$")


class ProjectQuery(PageQuery):
    """Which projects."""

    q: Words = ""
    sort: str = "-updatedAt"
    owner: Literal["mine", "shared", "all"] = "all"

    @field_validator("sort")
    @classmethod
    def _known(cls, word: str) -> str:
        return _one_of(word, list(cards.ORDERS))


class ImageIndexQuery(Wire):
    """Which images, and in which order; several statuses are parted by commas."""

    status: str = ""
    q: Words = ""
    sort: str = "-createdAt"

    @field_validator("status")
    @classmethod
    def _statuses(cls, words: str) -> str:
        for word in filter(None, words.split(",")):
            _one_of(word, list(ImageStatus))
        return words

    @field_validator("sort")
    @classmethod
    def _known(cls, word: str) -> str:
        return _one_of(word, list(images.ORDERS))

    @property
    def statuses(self) -> list[str]:
        return [word for word in self.status.split(",") if word]


class ImageQuery(ImageIndexQuery, PageQuery):
    """One page of them; of those that `ids` names, parted by commas, when it names some."""

    ids: str = Field(default="", max_length=LONGEST_IDS, pattern=r"^[0-9a-fA-F,-]*$")

    @field_validator("ids")
    @classmethod
    def _identifiers(cls, written: str) -> str:
        return identifiers(written)

    @property
    def chosen_ids(self) -> list[UUID]:
        return [UUID(word) for word in self.ids.split(",") if word]


class ImageFilterBody(Wire):
    """Images chosen by what they are."""

    status: list[ImageStatus] = Field(default_factory=list, max_length=len(ImageStatus))
    q: Words = ""


class DeletionBody(Wire):
    """Images to delete: named, or chosen by a filter."""

    image_ids: list[UUID] | None = Field(default=None, max_length=MOST_IMAGES)
    filter: ImageFilterBody | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "DeletionBody":
        if (self.image_ids is None) == (self.filter is None):
            raise ValueError("give either imageIds or filter")
        return self


class SegmentBody(Wire):
    """Which images to segment, and how."""

    engine: Line | None = Field(default=None, max_length=100)
    params: dict[str, Any] = Field(default_factory=dict)
    select: Literal["unprocessed", "failed", "all"] | list[UUID] = "unprocessed"
    force: bool = False
    priority: Literal["normal", "high"] | None = None
    failure_code: FailureCode | None = None  #: With select "failed": only those of this cause.
    again: bool = False  #: Each image with the engine and parameters of its last run.

    @field_validator("select")
    @classmethod
    def _not_too_many(cls, chosen: str | list[UUID]) -> str | list[UUID]:
        if isinstance(chosen, list) and not 1 <= len(chosen) <= MOST_IMAGES:
            raise ValueError(f"name 1 to {MOST_IMAGES} images, or write all")
        return chosen

    @model_validator(mode="after")
    def _fitting(self) -> "SegmentBody":
        if self.failure_code is not None and self.select != "failed":
            raise ValueError('failureCode goes with select "failed"')
        if self.again and (self.engine is not None or self.params):
            raise ValueError("again takes each image's last engine and params; leave both out")
        return self


class CurrentRunBody(Wire):
    """Which run's result an image shows."""

    run_id: UUID


def identifiers(written: str) -> str:
    """Return identifiers that are parted by commas; raise ValueError when one is none."""
    for word in filter(None, written.split(",")):
        UUID(word)
    return written


def _one_of(word: str, known: list[str]) -> str:
    if word not in known:
        raise ValueError(f"{word!r} is not one of {', '.join(known)}")
    return word
