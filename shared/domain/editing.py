"""Objects as somebody drew them, and how much of it one image takes."""

from dataclasses import dataclass
from typing import TypeAlias

from shared.domain.errors import CelltallyError

#: Corners `(x, y)` in pixels, x right and y down; the last is joined to the first.
Ring: TypeAlias = list[tuple[float, float]]

#: What made a result that somebody drew on an image without one.
BY_HAND = "by-hand"

MOST_OBJECTS = 50_000
MOST_CORNERS = 2_000_000  #: Of all outlines and holes of an image.
LARGEST_LABEL = 10_000_000
LONGEST_CLASS = 100

#: Nobody draws as far from an image; numbers beyond lose their fractions.
FARTHEST = 10_000_000


class EditedMeanwhileError(CelltallyError):
    """Somebody saved another version before."""

    code = "edited_meanwhile"
    status = 412


class NoVersionError(CelltallyError):
    """The request does not say which version it changes."""

    code = "version_required"
    status = 428


@dataclass(frozen=True, slots=True)
class DrawnObject:
    """One object as it is sent; without a label it gets one that is free."""

    polygon: Ring
    holes: list[Ring]
    label: int | None = None
    class_name: str | None = None
