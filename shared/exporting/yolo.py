"""`yolo/<stem>.txt`: outlines for training segmentation with Ultralytics' YOLO.

A line an object: its class (0 without one), then x and y of each corner as shares of width and
height. The format has no holes, so each is joined to the outer ring by a cut of no width, there and
back, as Ultralytics' own converter does; filled by even and odd, the hole stays one.
"""

import json
from collections.abc import Iterator
from typing import ClassVar

from shared.exporting.entries import Entry, Format, Needs
from shared.exporting.outlines import Shape, corners, shapes_of
from shared.exporting.records import ExportedImage, ProjectRecord

Corner = tuple[int, int]

#: A tenth of a pixel of an image of a hundred thousand pixels a side.
_DIGITS = 6


class Yolo(Format):
    """A file for each image with a result; an empty one says that there are no objects."""

    needs: ClassVar[Needs] = Needs.OBJECTS

    def __init__(self, project: ProjectRecord) -> None:
        super().__init__(project)
        self._classes: dict[str | None, int] = {None: 0}

    def add(self, image: ExportedImage) -> Iterator[Entry]:
        """Yield the image's lines."""
        if image.has_result:
            width, height = image.record.width, image.record.height
            lines = [
                _line(shape, width, height, self._classes.setdefault(name, len(self._classes)))
                for shape, name in zip(shapes_of(image.objects), image.classes, strict=True)
            ]
            yield Entry(f"yolo/{image.record.stem}.txt", iter(["".join(lines).encode()]))

    def finish(self) -> Iterator[Entry]:
        """Yield the names of the classes, as Ultralytics' data.yaml has them."""
        names = {number: name or "object" for name, number in self._classes.items()}
        # A text of JSON is one of YAML; plain words need no quotes.
        lines = [f"  {number}: {_yaml(name)}\n" for number, name in names.items()]
        yield Entry("yolo/data.yaml", iter(["".join(["names:\n", *lines]).encode()]))


def joined(shape: Shape) -> list[Corner]:
    """Return one ring with the holes of the object joined to it."""
    ring = corners(shape.polygon)
    for hole in shape.holes:
        ring = _with_hole(ring, corners(hole))
    return ring


def _with_hole(ring: list[Corner], hole: list[Corner]) -> list[Corner]:
    """Cut from the corner of the ring that is nearest to the hole's first corner."""
    x, y = hole[0]
    near = min(range(len(ring)), key=lambda at: (ring[at][0] - x) ** 2 + (ring[at][1] - y) ** 2)
    return [*ring[: near + 1], *hole, hole[0], *ring[near:]]


def _line(shape: Shape, width: int, height: int, number: int) -> str:
    shares = (f"{_share(x, width)} {_share(y, height)}" for x, y in joined(shape))
    return f"{number} {' '.join(shares)}\n"


def _yaml(name: str) -> str:
    return name if name == "object" else json.dumps(name)


def _share(value: int, whole: int) -> str:
    return f"{value / whole:.{_DIGITS}f}".rstrip("0").rstrip(".") or "0"
