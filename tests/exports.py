"""Results to export, and exports as whoever opened them finds them."""

import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from shared.domain.engines import Segmentation
from shared.domain.exports import ExportFormat
from shared.exporting.archive import zipped
from shared.exporting.records import ExportedImage, ImageRecord, ProjectRecord, RunRecord
from shared.exporting.writing import Gone, Writing
from shared.measuring import connect
from shared.results import save_result
from shared.storage import Storage

MOMENT = datetime(2026, 11, 26, 6, 0, tzinfo=UTC)
PROJECT = ProjectRecord(uuid4(), "HeLa nuclei", uuid4(), "2026-11-26T06:00:00.000Z")
FACTS = {"engine": "classical", "engine_version": "1", "params": {"sigma": 2}, "duration_ms": 7}


def stored_image(
    storage: Storage,
    labels: NDArray[Any] | None,
    *,
    name: str = "well.tif",
    pixel_size_um: float | None = None,
    scores: list[float] | None = None,
    picture: NDArray[Any] | None = None,
    shape: tuple[int, int] = (20, 30),
    original: bytes | None = None,
    classes: list[str | None] | None = None,
    facts: dict[str, Any] = FACTS,
) -> ExportedImage:
    """Store the result of an image; without *labels* it was never segmented."""
    height, width = shape if labels is None else labels.shape
    run, token = None, uuid4()
    if labels is not None:
        path = f"results/{token}/"
        save_result(
            storage,
            path,
            segmentation=Segmentation(labels, None if scores is None else np.array(scores)),
            image=np.full((height, width, 1), 7, np.uint8) if picture is None else picture,
            pixel_size_um=pixel_size_um,
            classes=classes,
        )
        run = RunRecord(uuid4(), path, facts)
    key = f"images/{token}/original.png"
    if original is not None:
        storage.put(key, original)
    stem, _, _ = name.rpartition(".")
    record = ImageRecord(
        id=uuid4(),
        stem=stem,
        name=name,
        filename=name,
        page=0,
        width=width,
        height=height,
        channels=1,
        bit_depth=8,
        pixel_size_um=pixel_size_um,
        sha256="ab" * 32,
        bytes=64,
        status="uploaded" if labels is None else "segmented",
        storage_key=key,
        run=run,
    )
    return ExportedImage(record, storage)


def exported(
    images: Iterable[ExportedImage | Gone], *formats: str, is_there: bool = True
) -> dict[str, bytes]:
    """Return the files of an export by their paths."""
    writing = Writing(PROJECT, map(ExportFormat, formats), is_there=lambda _: is_there)
    pieces = zipped(writing.entries(images, each=lambda: None), MOMENT)
    return unzipped(b"".join(pieces))


def unzipped(content: bytes) -> dict[str, bytes]:
    """Return the files of a ZIP by their paths."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def random_labels(seed: int, *, shape: tuple[int, int] = (37, 53)) -> NDArray[np.uint32]:
    """Return connected labels of any shape: with holes, at borders, of a single pixel."""
    noise = np.random.default_rng(seed).random(shape)
    return connect((noise < 0.58).astype(np.uint32) + (noise < 0.08))[0]


def ring_with_island() -> NDArray[np.uint32]:
    """Return a ring, label 1, with an object of its own in its hole, label 2."""
    labels = np.zeros((12, 14), np.uint32)
    labels[1:11, 1:11] = 1
    labels[3:9, 3:9] = 0
    labels[5:7, 5:7] = 2
    return labels


def two_squares() -> NDArray[np.uint32]:
    """Return two objects of 6 and 4 pixels."""
    labels = np.zeros((8, 8), np.uint32)
    labels[1:3, 1:4], labels[5:7, 5:7] = 1, 2
    return labels
