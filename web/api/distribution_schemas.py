"""What is asked and answered about the results of a whole project."""

from typing import Literal
from uuid import UUID

from pydantic import Field, field_validator

from shared.domain.images import ImageStatus
from web.api.requests import LARGEST_PAGE, ImageIndexQuery, Line
from web.api.schemas import Answer

MOST_BINS = 200
MOST_POINTS = 5_000
MOST_COLUMNS = 12


class ResultQuery(ImageIndexQuery):
    """Whose results: those of the images with this status and name."""

    sort: str = "name"

    @field_validator("sort")
    @classmethod
    def _known(cls, word: str) -> str:
        return word


class DistributionQuery(ResultQuery):
    """Which measurements, in how many bins, with how many objects as points."""

    x: Line = Field(default="area", max_length=100)
    y: Line = Field(default="circularity", max_length=100)
    bins: int = Field(default=40, ge=1, le=MOST_BINS)
    points: int = Field(default=2_000, ge=0, le=MOST_POINTS)


class ResultPageQuery(ResultQuery):
    """One page of a table, sorted by a column, a minus before it: the greatest first."""

    sort: Line = Field(default="-area", max_length=100)
    limit: int = Field(default=50, ge=1, le=LARGEST_PAGE)
    cursor: str | None = Field(default=None, pattern=r"^[0-9]{1,7}$")
    columns: Line = Field(default="area", max_length=1000)

    @field_validator("columns")
    @classmethod
    def _few(cls, words: str) -> str:
        if len(words.split(",")) > MOST_COLUMNS:
            raise ValueError(f"name at most {MOST_COLUMNS} columns")
        return words

    @property
    def names(self) -> list[str]:
        return [word for word in self.columns.split(",") if word]

    @property
    def offset(self) -> int:
        return int(self.cursor or 0)


class Coverage(Answer):
    """Of how much an answer is: *read* of *sampled*, which stand for *total*.

    While `read` is less than `sampled`, ask again: more is read each time. `sampled` is less than
    `total` where a project has more objects than are looked at; the images are chosen at random.
    """

    total: int
    sampled: int
    read: int


class MeasuredJson(Answer):
    """A measurement that some result has."""

    name: str
    title: str
    unit: str


class DistributionJson(Answer):
    """How the values of a measurement are distributed over the objects; gaps are left out.

    `counts[i]` lie from `edges[i]` to `edges[i + 1]`, a few far outliers `below` and `above`.
    """

    measurement: MeasuredJson
    count: int
    mean: float | None = None
    std: float | None = None
    minimum: float | None = None
    q25: float | None = None
    median: float | None = None
    q75: float | None = None
    maximum: float | None = None
    edges: list[float]
    counts: list[int]
    below: int
    above: int


class Points(Answer):
    """Objects drawn at random: their values, labels, and the place of each's image in `images`."""

    x: list[float]
    y: list[float]
    label: list[int]
    image: list[int]
    images: list[UUID]


class ProjectResultsJson(Answer):
    """The results of a project as they are now; `version` is that of its counts."""

    version: int
    images: Coverage
    objects: Coverage
    measurements: list[MeasuredJson]
    x: DistributionJson
    y: DistributionJson
    points: Points


class ObjectJson(Answer):
    """An object of the project; a measurement that it does not have is left out."""

    image_id: UUID
    filename: str
    label: int
    measurements: dict[str, float]


class ObjectPage(Answer):
    """Objects, sorted over all that were read."""

    items: list[ObjectJson]
    next_cursor: str | None
    version: int
    objects: Coverage


class ImageSummaryJson(Answer):
    """An image and the medians of its objects; absent of an image that was not read yet."""

    image_id: UUID
    filename: str
    status: ImageStatus
    edited: bool
    object_count: int
    medians: dict[str, float]


class ImageSummaryPage(Answer):
    """Images with a result, of those that are sampled."""

    items: list[ImageSummaryJson]
    next_cursor: str | None
    version: int
    images: Coverage


#: What the tables may be sorted by beside measurements.
OBJECT_ORDERS: tuple[Literal["name", "label"], ...] = ("name", "label")
IMAGE_ORDERS: tuple[Literal["name", "objectCount"], ...] = ("name", "objectCount")
