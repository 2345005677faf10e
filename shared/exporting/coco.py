"""`coco/instances.json`: instances as COCO has them, for pycocotools, CVAT or Detectron2.

Format: https://cocodataset.org/#format-data. Outlines run along pixel edges, so that COCO's own
conversion of a polygon gives exactly the pixels of its label. An object with holes has no polygon
of that kind and is a run-length code; `iscrowd` is 0 all the same, for it is one object.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

import orjson

from shared.exporting.entries import Entry, Format, Needs
from shared.exporting.outlines import Shape, bounds, shapes_of
from shared.exporting.records import ExportedImage, ProjectRecord
from shared.exporting.rle import rle_of
from shared.exporting.spool import Spool

#: Of objects without a class; classes are numbered from behind it on.
CATEGORY = 1


class Coco(Format):
    """Images with a result only: one without would say that it has no objects."""

    needs: ClassVar[Needs] = Needs.OBJECTS

    def __init__(self, project: ProjectRecord) -> None:
        super().__init__(project)
        self._images, self._annotations = Spool(), Spool()
        self._image_count = self._annotation_count = 0
        self._categories: dict[str | None, int] = {None: CATEGORY}

    def add(self, image: ExportedImage) -> Iterator[Entry]:
        """Keep the image and its objects."""
        if image.has_result:
            self._image_count += 1
            _append(self._images, [self._described(image)])
            shapes = shapes_of(image.objects)
            if shapes:
                _append(self._annotations, self._annotated(image, shapes))
        return iter(())

    def finish(self) -> Iterator[Entry]:
        """Yield the one file."""
        yield Entry("coco/instances.json", self._pieces())

    def close(self) -> None:
        """Forget what was kept."""
        self._images.close()
        self._annotations.close()

    def _described(self, image: ExportedImage) -> dict[str, Any]:
        record = image.record
        return {
            "id": self._image_count,
            "file_name": record.name,
            "width": record.width,
            "height": record.height,
        }

    def _annotated(self, image: ExportedImage, shapes: list[Shape]) -> list[dict[str, Any]]:
        record, objects = image.record, image.objects
        areas = objects["area"].to_pylist()
        scores = objects["score"].to_pylist()
        first = self._annotation_count + 1
        self._annotation_count += len(shapes)
        return [
            {
                "id": number,
                "image_id": self._image_count,
                "category_id": self._categories.setdefault(
                    class_name, len(self._categories) + CATEGORY
                ),
                "segmentation": segmentation_of(shape, record.height, record.width),
                "area": area,
                "bbox": bounds(shape.polygon),
                "iscrowd": 0,
                "label": shape.label,
                **({} if score is None else {"score": score}),
            }
            for number, (shape, area, score, class_name) in enumerate(
                zip(shapes, areas, scores, image.classes, strict=True), first
            )
        ]

    def _pieces(self) -> Iterator[bytes]:
        yield b'{"info":' + orjson.dumps(self._info()) + b',"licenses":[],"categories":'
        yield orjson.dumps(
            [
                {"id": number, "name": name or "object", "supercategory": "microscopy"}
                for name, number in self._categories.items()
            ]
        )
        for name, kept in (("images", self._images), ("annotations", self._annotations)):
            yield f',"{name}":['.encode()
            yield from kept.pieces()
            yield b"]"
        yield b"}"

    def _info(self) -> dict[str, Any]:
        return {
            "description": self.project.title,
            "version": "1.0",
            "contributor": "celltally",
            "date_created": self.project.moment,
            "year": int(self.project.moment[:4]),
        }


def segmentation_of(shape: Shape, height: int, width: int) -> list[list[int]] | dict[str, Any]:
    """Return the object as COCO's polygon, or as run-length code when it has holes."""
    if not shape.holes:
        return [shape.polygon]
    return {"size": [height, width], "counts": rle_of(shape, height, width)}


def _append(spool: Spool, values: list[dict[str, Any]]) -> None:
    comma = b"," if spool.size else b""
    spool.write(comma + orjson.dumps(values)[1:-1])
