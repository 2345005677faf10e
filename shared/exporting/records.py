"""What an export knows of an image: its record from the database, and its stored result."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tifffile
from numpy.typing import NDArray

from shared.domain.result_files import LABELS, OBJECTS, OF_IMAGE, key_of
from shared.exporting.columns import object_columns
from shared.reading import read_pixels
from shared.storage import Storage


@dataclass(frozen=True, slots=True)
class RunRecord:
    """The run whose result is exported."""

    id: UUID
    result_path: str
    facts: Mapping[str, Any]  #: What provenance tells of it, under the names of its columns.


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """An image as the export's moment had it."""

    id: UUID
    stem: str  #: Of its files in the export, no two alike.
    name: str  #: In the column `image` of tables, no two alike.
    filename: str
    page: int
    width: int
    height: int
    channels: int
    bit_depth: int
    pixel_size_um: float | None
    sha256: str
    bytes: int
    status: str
    storage_key: str
    run: RunRecord | None = None


@dataclass(frozen=True, slots=True)
class ProjectRecord:
    """What an export says of its project."""

    id: UUID
    title: str
    export_id: UUID
    moment: str  #: When its images were looked up, RFC 3339.


@dataclass
class ExportedImage:
    """An image and what the storage has of it, read once however many formats want it."""

    record: ImageRecord
    storage: Storage = field(repr=False)

    @property
    def has_result(self) -> bool:
        """Tell whether there is a result to export; an empty one is one."""
        return self.record.run is not None

    @cached_property
    def objects(self) -> pa.Table:
        """The objects: label, outline, score and measurements, a row each."""
        return pq.read_table(pa.BufferReader(self.storage.read(self._key(OBJECTS))))

    @cached_property
    def classes(self) -> list[str | None]:
        """The class that somebody gave each object, if any."""
        if "class" not in self.objects.column_names:
            return [None] * self.objects.num_rows
        return list(self.objects["class"].to_pylist())

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The measurements of the image as a whole, as `shared.results` stores them."""
        return dict(json.loads((self.objects.schema.metadata or {}).get(OF_IMAGE, b"{}")))

    @cached_property
    def columns(self) -> pa.Table:
        """The objects as tables have them."""
        return object_columns(self.objects, self.record.name)

    @cached_property
    def labels(self) -> NDArray[Any]:
        """The labels `[y, x]`, 0 is background."""
        return np.asarray(tifffile.imread(BytesIO(self.storage.read(self._key(LABELS)))))

    @cached_property
    def pixels(self) -> NDArray[Any]:
        """The picture `[y, x, c]` that was segmented."""
        content = self.storage.read(self.record.storage_key)
        return read_pixels(content, self.record.page, name=self.record.filename)

    def _key(self, name: str) -> str:
        if self.record.run is None:
            raise ValueError(f"{self.record.name} has no result")
        return key_of(self.record.run.result_path, name)
