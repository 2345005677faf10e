"""What is sent to change the outlines of an image."""

from collections import Counter
from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from shared.domain.editing import (
    FARTHEST,
    LARGEST_LABEL,
    LONGEST_CLASS,
    MOST_CORNERS,
    MOST_OBJECTS,
    DrawnObject,
)
from shared.domain.wire import Wire
from web.api.requests import Line

#: Bytes of a body: 50,000 objects of 40 corners each, or fewer with their measurements.
LARGEST_EDIT = 32_000_000

Coordinate = Annotated[float, Field(ge=-FARTHEST, le=FARTHEST, allow_inf_nan=False, strict=True)]
Corners = Annotated[list[tuple[Coordinate, Coordinate]], Field(min_length=3)]
ClassName = Annotated[Line, StringConstraints(min_length=1, max_length=LONGEST_CLASS)]


class DrawnObjectBody(Wire):
    """One object; what GET tells of it beside may be sent back, and is measured anew."""

    label: Annotated[int, Field(ge=1, le=LARGEST_LABEL, strict=True)] | None = None
    polygon: Corners
    holes: list[Corners] = Field(default_factory=list)
    class_name: ClassName | None = Field(default=None, alias="class")
    score: Any = None
    measurements: Any = None


class SegmentationBody(Wire):
    """All objects of the image from now on; those without a label get one that is free."""

    objects: list[DrawnObjectBody] = Field(max_length=MOST_OBJECTS)

    @model_validator(mode="after")
    def _bounded(self) -> "SegmentationBody":
        rings = (ring for each in self.objects for ring in (each.polygon, *each.holes))
        if sum(map(len, rings)) > MOST_CORNERS:
            raise ValueError(f"the outlines have more than {MOST_CORNERS:,} corners")
        labels = Counter(each.label for each in self.objects if each.label is not None)
        if twice := [label for label, count in labels.items() if count > 1]:
            raise ValueError(f"label {twice[0]} is given to several objects")
        return self

    def drawn(self) -> list[DrawnObject]:
        """Return the objects in their order."""
        return [
            DrawnObject(each.polygon, each.holes, each.label, each.class_name)
            for each in self.objects
        ]
