"""What a run leaves behind: labels, objects and a preview, three files in one folder."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tifffile
from numpy.typing import NDArray
from PIL import ImageDraw

from shared.domain.engines import Segmentation
from shared.domain.quality import Quality
from shared.domain.result_files import LABELS, OBJECTS, OF_IMAGE, PREVIEW, RESULT_FILES, key_of
from shared.measuring import Outline, Summary, Table, measure, outlines, summarise
from shared.measuring.quality import focus, saturated_share
from shared.reading.display import encoded, small_picture
from shared.storage import Storage

_OUTLINE_COLOUR = (62, 224, 200)  # The first overlay colour of the pages, #3ee0c8.
_SMALL_LABELS = np.iinfo(np.uint16).max
_CENTIMETRE_UM = 10_000
#: Columns of the objects' file that are no measurement.
_NOT_MEASURED = frozenset({"label", "polygon", "holes", "score", "class"})


@dataclass(frozen=True, slots=True)
class ResultSummary:
    """What the run's row keeps of its result."""

    object_count: int
    total_area: int  #: Of all objects, in pixels.
    quality: Quality


@dataclass(frozen=True, slots=True)
class StoredResult:
    """A result as JSON types; see `load_objects` and `shared.measuring.summarise`."""

    objects: list[dict[str, Any]]
    summary: dict[str, Any]  #: Empty of a result that was stored before images had one.


def save_result(  # noqa: PLR0913 - named, nearly all
    storage: Storage,
    prefix: str,
    *,
    segmentation: Segmentation,
    image: NDArray[Any],
    pixel_size_um: float | None,
    classes: Sequence[str | None] | None = None,
) -> ResultSummary:
    """Measure and store under *prefix*; all of it is durable when this returns.

    The labels must be connected. Scores and *classes* are in the order of the labels; a score
    that is no number is none.
    """
    labels = segmentation.labels
    table = measure(labels, image, pixel_size_um)
    shapes = outlines(labels)
    summary = summarise(table, labels.shape, pixel_size_um)
    objects = _objects_table(table, shapes, segmentation.scores, classes)
    storage.put(key_of(prefix, LABELS), _label_tiff(labels, pixel_size_um))
    storage.put(key_of(prefix, OBJECTS), _objects_file(objects, summary))
    storage.put(key_of(prefix, PREVIEW), _preview(image, shapes))
    return ResultSummary(
        object_count=len(table["label"]),
        total_area=int(table["area"].sum()),
        quality=Quality(
            border_share=summary["borderShare"],
            saturated_share=saturated_share(image),
            focus=focus(image),
        ),
    )


def copy_result(storage: Storage, source: str, target: str) -> None:
    """Copy a whole stored result; raise MissingFileError if any of it is gone."""
    for name in RESULT_FILES:
        storage.copy(key_of(source, name), key_of(target, name))


def load_objects(storage: Storage, prefix: str) -> list[dict[str, Any]]:
    """Return `{label, polygon, holes, score, measurements}` of each object, as JSON types.

    A score that the engine did not give and a measurement that is no number are None. An object
    that somebody gave a class has `class`, too.
    """
    return load_result(storage, prefix).objects


def load_result(storage: Storage, prefix: str) -> StoredResult:
    """Return the objects and the measurements of the image, as JSON types."""
    table = pq.read_table(pa.BufferReader(storage.read(key_of(prefix, OBJECTS))))
    summary = json.loads((table.schema.metadata or {}).get(OF_IMAGE, b"{}"))
    return StoredResult(_objects(table), summary)


def _objects(table: pa.Table) -> list[dict[str, Any]]:
    columns = table.to_pydict()
    measured = [name for name in columns if name not in _NOT_MEASURED]
    classes = columns.get("class", [None] * len(columns["label"]))
    return [
        {
            "label": columns["label"][i],
            "polygon": _pairs(columns["polygon"][i]),
            "holes": [_pairs(ring) for ring in columns["holes"][i]],
            "score": columns["score"][i],
            **({} if classes[i] is None else {"class": classes[i]}),
            "measurements": {name: columns[name][i] for name in measured},
        }
        for i in range(len(columns["label"]))
    ]


def load_columns(
    storage: Storage, prefix: str, names: Collection[str]
) -> tuple[tuple[str, ...], NDArray[np.int32], dict[str, NDArray[np.float32]]]:
    """Return what numbers there are of each object, the labels, and those *names* that there are.

    A measurement that is no number of one object is NaN; one of several numbers is none of these.
    """
    file = pq.ParquetFile(pa.BufferReader(storage.read(key_of(prefix, OBJECTS))))
    scalars = tuple(
        field.name
        for field in file.schema_arrow
        if field.name not in _NOT_MEASURED - {"score"} and _is_number(field.type)
    )
    asked = [name for name in scalars if name in names]
    table = file.read(columns=["label", *asked])
    columns = {name: _floats(table[name]) for name in asked}
    return scalars, table["label"].to_numpy().astype(np.int32), columns


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind)
    )


def _floats(column: pa.ChunkedArray) -> NDArray[np.float32]:
    return np.asarray(column.to_numpy(), np.float32)


def load_labels(storage: Storage, prefix: str) -> NDArray[np.uint32]:
    """Return the labels `[y, x]` of a stored result."""
    stored = tifffile.imread(BytesIO(storage.read(key_of(prefix, LABELS))))
    return np.asarray(stored, np.uint32)


def _label_tiff(labels: NDArray[Any], pixel_size_um: float | None) -> bytes:
    small = labels.size == 0 or labels.max() <= _SMALL_LABELS
    options: dict[str, Any] = {}
    if pixel_size_um is not None:
        per_centimetre = _CENTIMETRE_UM / pixel_size_um
        options = {"resolution": (per_centimetre,) * 2, "resolutionunit": "CENTIMETER"}
    buffer = BytesIO()
    tifffile.imwrite(
        buffer,
        labels.astype(np.uint16 if small else np.uint32),
        photometric="minisblack",
        compression="zlib",
        predictor=True,
        metadata=None,
        **options,
    )
    return buffer.getvalue()


def _objects_table(
    table: Table,
    shapes: list[Outline],
    scores: NDArray[np.float64] | None,
    classes: Sequence[str | None] | None,
) -> pa.Table:
    rings = pa.list_(pa.int32())
    columns: dict[str, pa.Array] = {
        "label": pa.array(table["label"], pa.int32()),
        "polygon": pa.array([_flat(shape.polygon) for shape in shapes], rings),
        "holes": pa.array(
            [[_flat(ring) for ring in shape.holes] for shape in shapes], pa.list_(rings)
        ),
        "score": pa.nulls(len(shapes), pa.float64())
        if scores is None
        else _column(np.asarray(scores, np.float64)),
    }
    if classes is not None and any(each is not None for each in classes):
        columns["class"] = pa.array(classes, pa.string())
    columns |= {name: _column(values) for name, values in table.items() if name != "label"}
    return pa.table(columns)


def _objects_file(objects: pa.Table, summary: Summary) -> bytes:
    metadata = {OF_IMAGE: json.dumps(summary)}
    buffer = BytesIO()
    pq.write_table(objects.replace_schema_metadata(metadata), buffer, compression="zstd")
    return buffer.getvalue()


def _column(values: NDArray[Any]) -> pa.Array:
    if values.ndim > 1:
        return pa.array(list(values))
    if values.dtype.kind == "f":
        # A picture of floats may hold gaps, a network may divide by zero; JSON knows no NaN.
        return pa.array(values.astype(np.float64), mask=~np.isfinite(values))
    return pa.array(values)


def _flat(ring: list[list[int]]) -> list[int]:
    return [number for corner in ring for number in corner]


def _pairs(flat: list[int]) -> list[list[int]]:
    return [list(corner) for corner in zip(flat[::2], flat[1::2], strict=True)]


def _preview(image: NDArray[Any], shapes: list[Outline]) -> bytes:
    picture = small_picture(image).convert("RGB")
    draw = ImageDraw.Draw(picture)
    across, down = picture.width / image.shape[1], picture.height / image.shape[0]
    for shape in shapes:
        for ring in (shape.polygon, *shape.holes):
            draw.polygon([(x * across, y * down) for x, y in ring], outline=_OUTLINE_COLOUR)
    return encoded(picture)
