"""What the network should answer, from true labels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter

from worker.engines.net.layout import GRID, RAYS, directions

#: Labels outside of the picture: no object, and nothing to learn from.
OUTSIDE = -1

#: Longer rays are cut; a multiple of the steps at once, and one.
_LONGEST = 161
_AT_ONCE = 4
_STEPS = np.rint(np.arange(_LONGEST)[:, np.newaxis, np.newaxis] * directions()).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Targets:
    """What is true of a crop of `y` rows and `x` columns, on the grid or for each pixel.

    `peak: float32[gy, gx]` 0..1, `distances: float32[RAYS, gy, gx]` and `middle:
    float32[2, gy, gx]` in pixels; `inside`, `touch`, `known: bool[y, x]`.
    """

    peak: NDArray[np.float32]
    distances: NDArray[np.float32]
    middle: NDArray[np.float32]
    inside: NDArray[np.bool_]
    touch: NDArray[np.bool_]
    known: NDArray[np.bool_]


def targets_of(labels: NDArray[np.int32]) -> Targets:
    """Return the targets for `labels[y, x]`: 0 is background, OUTSIDE is unknown."""
    sampled = labels[::GRID, ::GRID]
    distances = star_distances(labels)
    middle = ways_to_middle(sampled) * GRID
    return Targets(
        peak=peaks(sampled, distances, middle),
        distances=distances,
        middle=middle,
        inside=labels > 0,
        touch=touching(labels),
        known=labels != OUTSIDE,
    )


def star_distances(labels: NDArray[np.int32]) -> NDArray[np.float32]:
    """Return for each place of the grid the pixels to the end of its object along each ray.

    All rays go on together, a few steps at a time; those that left their object then stay.
    """
    padded = np.pad(labels, 1, constant_values=OUTSIDE)
    width, flat = padded.shape[1], padded.ravel()
    offsets = _STEPS @ np.array([width, 1])
    y, x = np.nonzero(labels[::GRID, ::GRID] > 0)
    start = (y * GRID + 1) * width + x * GRID + 1
    lengths = np.full(RAYS * len(y), 0.5, np.float32)
    going, origin, own = np.arange(len(lengths)), np.tile(start, RAYS), np.tile(flat[start], RAYS)
    ray = np.repeat(np.arange(RAYS), len(y))
    for first in range(1, _LONGEST, _AT_ONCE):
        inside, count = np.ones(len(going), bool), np.zeros(len(going), np.float32)
        for step in range(first, first + _AT_ONCE):
            # Who is outside may have stepped over the padding; it never comes in again.
            there = origin + offsets[step].take(ray)
            inside &= flat.take(there, mode="clip") == own
            count += inside
        lengths[going] += count
        kept = np.flatnonzero(inside)
        if not kept.size:
            break
        going, origin, own, ray = going[kept], origin[kept], own[kept], ray[kept]
    distances = np.zeros((RAYS, *labels[::GRID, ::GRID].shape), np.float32)
    distances[:, y, x] = lengths.reshape(RAYS, len(y))
    return distances


def ways_to_middle(labels: NDArray[np.int32]) -> NDArray[np.float32]:
    """Return for each place the way `(y, x)` to the medoid of its object, 0 outside.

    The medoid here is the place of the object that is nearest to its centre of mass.
    """
    ways = np.zeros((2, *labels.shape), np.float32)
    y, x = np.nonzero(labels > 0)
    if not y.size:
        return ways
    names, own = np.unique(labels[y, x], return_inverse=True)
    sizes = np.bincount(own)
    centre_y, centre_x = (np.bincount(own, weights=place) / sizes for place in (y, x))
    off_centre = (y - centre_y[own]) ** 2 + (x - centre_x[own]) ** 2
    order = np.lexsort((off_centre, own))
    medoid = order[np.searchsorted(own[order], np.arange(len(names)))]
    ways[:, y, x] = y[medoid][own] - y, x[medoid][own] - x
    return ways


def peaks(
    sampled: NDArray[np.int32], distances: NDArray[np.float32], middle: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return how far inside its object each place is, tilted towards the middle.

    The shortest ray tells the distance to the outline, as a share of the object's widest
    place. Long cells are equally wide in many places: the distance to the middle, in radii
    of a disk of the same area, lets one of them be the peak.
    """
    peak = np.zeros(sampled.shape, np.float32)
    y, x = np.nonzero(sampled > 0)
    if not y.size:
        return peak
    _, own = np.unique(sampled[y, x], return_inverse=True)
    radius = np.sqrt(np.bincount(own) * (GRID**2 / np.pi))
    height = distances[:, y, x].min(axis=0) * np.exp(
        -0.5 * (middle[:, y, x] ** 2).sum(axis=0) / radius[own] ** 2
    )
    highest = np.zeros(len(radius))
    np.maximum.at(highest, own, height)
    peak[y, x] = height / highest[own]
    return peak


def touching(labels: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return the pixels within two of another object, in either."""
    objects = np.maximum(labels, 0)
    touch = np.zeros(labels.shape, bool)
    for here, there in (
        ((slice(1, None), slice(None)), (slice(None, -1), slice(None))),
        ((slice(None), slice(1, None)), (slice(None), slice(None, -1))),
    ):
        meet = (objects[here] != objects[there]) & (objects[here] > 0) & (objects[there] > 0)
        touch[here] |= meet
        touch[there] |= meet
    return np.asarray(maximum_filter(touch, 3) & (objects > 0))
