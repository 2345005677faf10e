"""Steps that engines share: holes, necks, small objects, contrast."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.measure import label
from skimage.segmentation import watershed

from shared.measuring.connected import connect
from worker.engines.grey import Plane

Mask = NDArray[np.bool_]
Labels = NDArray[Any]

#: What engines ask about the sizes of objects and holes, as JSON schema.
SIZE_PARAMS: dict[str, Any] = {
    "min_area": {
        "title": "Least area (px)",
        "description": "Smaller objects are dropped.",
        "type": "integer",
        "minimum": 1,
        "maximum": 10_000_000,
        "default": 20,
    },
    "max_hole_area": {
        "title": "Fill holes below (px)",
        "description": "Smaller holes in an object are filled, larger ones are kept.",
        "type": "integer",
        "minimum": 0,
        "maximum": 10_000_000,
        "default": 50,
    },
}

#: By how many pixels the distance varies along an even stripe, by the grid alone.
_ROUGHNESS = 0.5
_ROWS_AT_ONCE = 1024


def holes_filled(mask: Mask, max_area: float, bright: Plane | None = None) -> Mask:
    """Return *mask* with its holes below *max_area* pixels filled; others are real.

    With *bright*, gaps that are brighter than 0 on average are filled too, at the
    border as well: they are the inside of an object that a local threshold hollowed.
    """
    gaps = label(~mask, connectivity=1)
    areas = np.bincount(gaps.ravel())
    edges = (gaps[0], gaps[-1], gaps[:, 0], gaps[:, -1])
    fill = areas < max_area
    fill[np.unique(np.concatenate(edges))] = False
    if bright is not None:
        fill |= np.bincount(gaps.ravel(), weights=bright.ravel()) > 0
    fill[0] = False
    return np.asarray(mask | fill[gaps])


def grown(markers: Labels, distance: Plane, mask: Mask) -> Labels:
    """Return the watershed of *markers* in *mask*, down from the peaks of *distance*.

    Parts without a marker get a label of their own.
    """
    parts = label(mask, connectivity=1)
    inside = parts[markers > 0]
    pairs = np.unique(np.stack([inside, markers[markers > 0]]), axis=1)
    several = np.bincount(pairs[0], minlength=int(parts.max()) + 1) > 1
    several[0] = False
    contested = several[parts]
    # A part with one marker needs no watershed, the slowest step there is.
    parts[contested] = 0
    if contested.any():
        split = watershed(-distance, markers, mask=contested)
        parts[contested] = split[contested] + parts.max()
    return np.asarray(parts)


def joined_without_neck(labels: Labels, distance: Plane, depth: float) -> Labels:
    """Return *labels* with neighbours joined unless there is a neck between them.

    A neck is where the way from one to the other, along the largest *distance* to the
    background, gets narrower than the narrower of the two by the share *depth*, and by
    more than the grid alone makes. The distance has one peak in a convex shape, so none
    is ever split.
    """
    first, second, height = _borders(labels, distance)
    count = int(labels.max())
    peak = greatest(distance, labels)
    parent = list(range(count + 1))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    for a, b, saddle in zip(first.tolist(), second.tolist(), height.tolist(), strict=True):
        one, other = root(a), root(b)
        narrower = min(peak[one], peak[other])
        if one != other and saddle > narrower - max(depth * narrower, _ROUGHNESS):
            parent[other] = one
            peak[one] = max(peak[one], peak[other])
    return np.array([root(place) for place in range(count + 1)])[labels]


def _borders(labels: Labels, distance: Plane) -> tuple[Labels, Labels, Plane]:
    """Return each pair of touching labels and the widest place of their border.

    The widest first, each pair once.
    """
    sides = []
    for here, there in ((_LOWER, _UPPER), (_RIGHT, _LEFT)):
        a, b = labels[here], labels[there]
        touch = (a != b) & (a > 0) & (b > 0)
        width = np.minimum(distance[here], distance[there])[touch]
        sides.append((np.minimum(a, b)[touch], np.maximum(a, b)[touch], width))
    first, second, height = (np.concatenate(each) for each in zip(*sides, strict=True))
    order = np.argsort(-height, kind="stable")
    key = first[order].astype(np.int64) * (int(labels.max()) + 1) + second[order]
    once = order[np.sort(np.unique(key, return_index=True)[1])]
    return first[once], second[once], height[once]


_LOWER, _UPPER = (slice(1, None),), (slice(None, -1),)
_RIGHT = (slice(None), slice(1, None))
_LEFT = (slice(None), slice(None, -1))


def greatest(plane: Plane, labels: Labels) -> Plane:
    """Return the greatest value of *plane*, none below 0, in each label from 0 on."""
    peak = np.zeros(int(labels.max()) + 1, np.float32)
    inside = labels > 0
    np.maximum.at(peak, labels[inside], plane[inside])
    return peak


def large_ones(labels: Labels, min_area: float, *, reuse: bool = False) -> NDArray[np.uint32]:
    """Return the connected parts of at least *min_area* pixels, as 1..N.

    With *reuse* the array *labels* may become the answer, which spares a copy.
    """
    parts, origin = connect(labels)
    areas = np.zeros(len(origin) + 1, np.int64)
    # Not all at once: counting takes eight bytes for a pixel.
    for rows in _bands(parts):
        areas += np.bincount(rows.ravel(), minlength=len(areas))
    kept = areas >= min_area
    kept[0] = False
    if kept[1:].all():
        return parts
    numbers = np.where(kept, np.cumsum(kept), 0).astype(np.uint32)
    if parts is labels and not reuse:
        parts = labels.copy()
    for rows in _bands(parts):
        rows[:] = numbers[rows]
    return parts


def _bands(labels: Labels) -> Iterator[Labels]:
    for top in range(0, len(labels), _ROWS_AT_ONCE):
        yield labels[top : top + _ROWS_AT_ONCE]


def contrast_of(plane: Plane, labels: Labels) -> NDArray[np.float64]:
    """Return the mean of *plane*, cut to 0..1, in each object: a contrast as a score."""
    places = np.flatnonzero(labels)
    owner = labels.reshape(-1)[places]
    sums = np.bincount(owner, weights=plane.reshape(-1)[places].clip(0, 1))
    return np.asarray(sums[1:] / np.bincount(owner)[1:])
