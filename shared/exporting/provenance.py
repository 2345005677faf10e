"""`provenance.json`: where every number comes from; it is in every export.

Of a run it tells whatever its row has, so that a new column of the table is told as soon as it is
there; what is of use to the queue alone is left out where the rows are read.
"""

import json
from collections.abc import Iterator
from typing import Any

from pydantic.alias_generators import to_camel

from shared import __version__
from shared.exporting.entries import Entry, Format
from shared.exporting.records import ExportedImage, ProjectRecord
from shared.exporting.spool import Spool

PATH = "provenance.json"


class Provenance(Format):
    """One entry an image: its input, and the run of its result."""

    def __init__(self, project: ProjectRecord) -> None:
        super().__init__(project)
        self._images = Spool()

    def add(self, image: ExportedImage) -> Iterator[Entry]:
        """Keep the image's entry."""
        comma = b",\n" if self._images.size else b""
        self._images.write(comma + _json(described(image)))
        return iter(())

    def finish(self) -> Iterator[Entry]:
        """Yield the one file."""
        yield Entry(PATH, self._pieces())

    def close(self) -> None:
        """Forget what was kept."""
        self._images.close()

    def _pieces(self) -> Iterator[bytes]:
        head = {
            "id": str(self.project.export_id),
            "madeBy": f"celltally {__version__}",
            "moment": self.project.moment,
            "project": {"id": str(self.project.id), "title": self.project.title},
        }
        yield b'{"export":' + _json(head) + b',\n"images":[\n'
        yield from self._images.pieces()
        yield b"\n]}\n"


def described(image: ExportedImage) -> dict[str, Any]:
    """Return what is told of one image."""
    record = image.record
    found: dict[str, Any] = {
        "image": record.name,
        "id": str(record.id),
        "filename": record.filename,
        "page": record.page,
        "sha256": record.sha256,
        "bytes": record.bytes,
        "width": record.width,
        "height": record.height,
        "channels": record.channels,
        "bitDepth": record.bit_depth,
        "pixelSizeUm": record.pixel_size_um,
        "status": record.status,
        "run": None,
    }
    if record.run is not None:
        facts = {to_camel(name): value for name, value in record.run.facts.items()}
        found["run"] = {"id": str(record.run.id)} | facts
    return found


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, default=str).encode()
