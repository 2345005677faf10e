"""Annotated pictures, as the network will be shown them."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from shared.domain.engines import Modality
from shared.reading import read_pixels
from worker.engines.net.pixels import BASE_SCALE, resized, shown

Planes: TypeAlias = NDArray[np.float16]
Labels: TypeAlias = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Example:
    """A picture, `planes: float16[c, y, x]`, and its truth, `labels: int32[y, x]`.

    `half` are the planes at half the size, for crops that are reduced; `diameter` is the
    median of its objects in pixels, 0 without any; `middles: float64[n, 2]` are their centres
    of mass; `group` is the same for pictures that look alike.
    """

    name: str
    modality: Modality
    group: str
    planes: Planes
    half: Planes
    labels: Labels
    diameter: float
    middles: NDArray[np.float64]


def rows(folder: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of the manifest in *folder* whose modality we train on."""
    with (folder / "manifest.csv").open(newline="") as file:
        yield from (row for row in csv.DictReader(file) if row["modality"] in BASE_SCALE)


def read_image(folder: Path, row: dict[str, str]) -> NDArray[Any]:
    """Return the raw pixels `[y, x, c]`."""
    return read_pixels(folder / row["file"])


def read_labels(folder: Path, row: dict[str, str]) -> Labels:
    """Return the true mask `int32[y, x]`, 1..N."""
    return read_pixels(folder / row["mask"])[:, :, 0].astype(np.int32)


def load_example(folder: Path, row: dict[str, str]) -> Example:
    """Return the picture of a *row* of the manifest, with its truth."""
    modality = Modality(row["modality"])
    planes = shown(read_image(folder, row), modality)
    labels = read_labels(folder, row)
    return Example(
        name=Path(row["file"]).stem,
        modality=modality,
        group=f"{modality} {row['width']}x{row['height']} {len(planes)}",
        planes=planes.astype(np.float16),
        half=resized(planes, 0.5).astype(np.float16),
        labels=labels,
        diameter=median_diameter(labels),
        middles=middles_of(labels),
    )


def median_diameter(labels: Labels) -> float:
    """Return the median diameter of disks as large as the objects, 0 without any."""
    areas = np.bincount(labels.ravel())[1:]
    areas = areas[areas > 0]
    return float(np.median(np.sqrt(areas * (4 / np.pi)))) if len(areas) else 0.0


def middles_of(labels: Labels) -> NDArray[np.float64]:
    """Return the centre of mass `(y, x)` of each object, `float64[n, 2]`."""
    y, x = np.nonzero(labels)
    _, own = np.unique(labels[y, x], return_inverse=True)
    sizes = np.maximum(np.bincount(own), 1)
    return np.stack([np.bincount(own, weights=place) / sizes for place in (y, x)], axis=1)


def load_examples(folder: Path) -> list[Example]:
    """Return all pictures in *folder*, in the order of the manifest."""
    return [load_example(folder, row) for row in rows(folder)]


def parted(examples: list[Example], every: int) -> tuple[list[Example], list[Example]]:
    """Return what is trained on and what is held out: each *every*-th of each group; 0 is none."""
    trained: list[Example] = []
    held_out: list[Example] = []
    seen: dict[str, int] = {}
    for example in examples:
        seen[example.group] = seen.get(example.group, 0) + 1
        chosen = every and seen[example.group] % every == 0
        (held_out if chosen else trained).append(example)
    return trained, held_out
