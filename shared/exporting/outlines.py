"""The outlines of an image's objects as Python lists, taken from the columns in one go each."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import pyarrow as pa

#: x, y, x, y, …; the last corner is joined to the first.
FlatRing: TypeAlias = list[int]


@dataclass(frozen=True, slots=True)
class Shape:
    """One object: its outer ring and the rings of its holes."""

    label: int
    polygon: FlatRing
    holes: list[FlatRing]


def shapes_of(objects: pa.Table) -> list[Shape]:
    """Return the shape of each object, in order of the labels."""
    labels = objects["label"].to_pylist()
    polygons = _rings(objects["polygon"].combine_chunks())
    holes = _holes(objects["holes"].combine_chunks(), len(labels))
    return [Shape(*each) for each in zip(labels, polygons, holes, strict=True)]


def corners(ring: FlatRing) -> list[tuple[int, int]]:
    """Return the corners `(x, y)` of a ring."""
    return list(zip(ring[::2], ring[1::2], strict=True))


def bounds(ring: FlatRing) -> tuple[int, int, int, int]:
    """Return the least x and y, width and height."""
    x, y = ring[::2], ring[1::2]
    left, top = min(x), min(y)
    return left, top, max(x) - left, max(y) - top


def _rings(column: pa.Array) -> list[FlatRing]:
    numbers: list[int] = column.flatten().to_numpy(zero_copy_only=False).tolist()
    return [numbers[a:b] for a, b in pairwise(_offsets(column))]


def _holes(column: pa.Array, count: int) -> list[list[FlatRing]]:
    rings = column.flatten()
    if len(rings) == 0:
        return [[] for _ in range(count)]
    flat = _rings(rings)
    return [flat[a:b] for a, b in pairwise(_offsets(column))]


def _offsets(column: Any) -> list[int]:
    """Return where each list begins and the last one ends, counted from the first."""
    if len(column) == 0:
        return []
    offsets = column.offsets.to_numpy()
    return [int(each) for each in offsets - offsets[0]]
