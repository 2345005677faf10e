"""`geojson/<stem>.geojson`: objects as QuPath reads them (File, Import objects).

RFC 7946 in pixels: closed rings, outer ones counter-clockwise and holes clockwise in the sense of
that RFC, which is how our outlines run. QuPath takes thousands of detections at ease, annotations
it does not; in both, measurements are a map of numbers.
"""

import math
from collections.abc import Iterator
from typing import ClassVar

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from shared.exporting.entries import Entry, Format, Needs
from shared.exporting.outlines import FlatRing, corners, shapes_of
from shared.exporting.records import ExportedImage

_NO_MEASUREMENT = frozenset({"image", "label", "score", "class"})


class GeoJson(Format):
    """One collection for each image that has a result."""

    needs: ClassVar[Needs] = Needs.OBJECTS

    def add(self, image: ExportedImage) -> Iterator[Entry]:
        """Yield the image's collection."""
        if image.has_result:
            yield Entry(f"geojson/{image.record.stem}.geojson", iter([_collection(image)]))


def _collection(image: ExportedImage) -> bytes:
    shapes = shapes_of(image.objects)
    scores = image.objects["score"].to_pylist()
    features = [
        {
            "type": "Feature",
            "geometry": {
                "type": "Polygon",
                "coordinates": [_closed(ring) for ring in (shape.polygon, *shape.holes)],
            },
            "properties": {
                "objectType": "detection",
                **classification_of(class_name),
                "name": str(shape.label),
                "label": shape.label,
                "score": score,
                "measurements": measured,
            },
        }
        for shape, score, class_name, measured in zip(
            shapes, scores, image.classes, _measurements(image), strict=True
        )
    ]
    return orjson.dumps({"type": "FeatureCollection", "features": features})


def classification_of(class_name: str | None) -> dict[str, dict[str, str]]:
    """Return the property by which QuPath knows the class of an object; none without a class."""
    return {} if class_name is None else {"classification": {"name": class_name}}


def _measurements(image: ExportedImage) -> list[dict[str, float]]:
    """Return the numbers of each object under the names that tables have; gaps are left out."""
    columns = image.columns
    names = [
        name
        for name, kind in zip(columns.column_names, columns.schema.types, strict=True)
        if name not in _NO_MEASUREMENT and not pa.types.is_string(kind)
    ]
    gaps = [name for name in names if _has_gaps(columns[name])]
    lists = [columns[name].to_pylist() for name in names]
    rows = zip(*lists, strict=True) if lists else [()] * columns.num_rows
    measured = [dict(zip(names, row, strict=True)) for row in rows]
    for each in measured if gaps else ():
        for name in gaps:
            if each[name] is None or not math.isfinite(each[name]):
                del each[name]
    return measured


def _has_gaps(column: pa.ChunkedArray) -> bool:
    if column.null_count:
        return True
    return pa.types.is_floating(column.type) and not pc.all(pc.is_finite(column)).as_py()


def _closed(ring: FlatRing) -> list[tuple[int, int]]:
    points = corners(ring)
    return [*points, points[0]]
