"""What a run leaves behind: labels, objects and a preview, three files in one folder."""

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
from shared.domain.result_files import LABELS, OBJECTS, PREVIEW, key_of
from shared.measuring import Outline, Table, measure, outlines
from shared.reading.display import encoded, small_picture
from shared.storage import Storage

_OUTLINE_COLOUR = (62, 224, 200)  # The first overlay colour of the pages, #3ee0c8.
_SMALL_LABELS = np.iinfo(np.uint16).max
_CENTIMETRE_UM = 10_000
#: Columns of the objects' file that are no measurement.
_NOT_MEASURED = frozenset({"label", "polygon", "holes", "score"})


@dataclass(frozen=True, slots=True)
class ResultSummary:
    """What the run's row keeps of its result."""

    object_count: int
    total_area: int  #: Of all objects, in pixels.


def save_result(
    storage: Storage,
    prefix: str,
    *,
    segmentation: Segmentation,
    image: NDArray[Any],
    pixel_size_um: float | None,
) -> ResultSummary:
    """Measure and store under *prefix*; all of it is durable when this returns.

    The labels must be connected and numbered 1..N, as checked engines return them.
    """
    labels = segmentation.labels
    table = measure(labels, image, pixel_size_um)
    shapes = outlines(labels)
    storage.put(key_of(prefix, LABELS), _label_tiff(labels, pixel_size_um))
    storage.put(key_of(prefix, OBJECTS), _objects_file(table, shapes, segmentation.scores))
    storage.put(key_of(prefix, PREVIEW), _preview(image, shapes))
    return ResultSummary(object_count=len(table["label"]), total_area=int(table["area"].sum()))


def load_objects(storage: Storage, prefix: str) -> list[dict[str, Any]]:
    """Return `{label, polygon, holes, score, measurements}` of each object, as JSON types.

    A score that the engine did not give and a measurement that is no number are None.
    """
    source = pa.BufferReader(storage.read(key_of(prefix, OBJECTS)))
    columns = pq.read_table(source).to_pydict()
    measured = [name for name in columns if name not in _NOT_MEASURED]
    return [
        {
            "label": columns["label"][i],
            "polygon": _pairs(columns["polygon"][i]),
            "holes": [_pairs(ring) for ring in columns["holes"][i]],
            "score": columns["score"][i],
            "measurements": {name: columns[name][i] for name in measured},
        }
        for i in range(len(columns["label"]))
    ]


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


def _objects_file(table: Table, shapes: list[Outline], scores: NDArray[np.float64] | None) -> bytes:
    rings = pa.list_(pa.int32())
    columns: dict[str, pa.Array] = {
        "label": pa.array(table["label"], pa.int32()),
        "polygon": pa.array([_flat(shape.polygon) for shape in shapes], rings),
        "holes": pa.array(
            [[_flat(ring) for ring in shape.holes] for shape in shapes], pa.list_(rings)
        ),
        "score": pa.array(scores, pa.float64())
        if scores is not None
        else pa.nulls(len(shapes), pa.float64()),
    }
    columns |= {name: _column(values) for name, values in table.items() if name != "label"}
    buffer = BytesIO()
    pq.write_table(pa.table(columns), buffer, compression="zstd")
    return buffer.getvalue()


def _column(values: NDArray[Any]) -> pa.Array:
    if values.ndim > 1:
        return pa.array(list(values))
    if values.dtype.kind == "f":
        # A picture of floats may hold gaps; JSON knows no NaN.
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
