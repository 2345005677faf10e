"""Objects as stars: a middle and the distance to the outline along each ray.

After U. Schmidt et al., Cell Detection with Star-convex Polygons, MICCAI 2018.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter
from skimage.draw import polygon

from worker.engines.net.layout import GRID, directions, sigmoid
from worker.engines.net.network import Maps

#: Stars closer than this many squares are one, of which the best is taken.
_NEAREST = 3


@dataclass(frozen=True, slots=True)
class Stars:
    """Stars that were chosen, and where they lie: `drawn: int32[y / GRID, x / GRID]`, 1..N."""

    drawn: NDArray[np.int32]
    scores: NDArray[np.float64]


def chosen_stars(maps: Maps, *, threshold: float, overlap: float) -> Stars:
    """Return the best stars of at least *threshold*, none covered by better ones.

    A star is dropped when better ones cover more than the share *overlap* of it.
    """
    y, x, distances = _peaks(maps, threshold)
    scores = sigmoid(maps.peak[y, x]).astype(np.float64)
    order = np.argsort(-scores, kind="stable")
    rays = distances[order, :, np.newaxis].astype(np.float32) * (directions() / GRID)
    outlines = rays + np.stack([y, x], axis=1)[order, np.newaxis, :]
    drawn = np.zeros(maps.peak.shape, np.int32)
    kept: list[float] = []
    for outline, score in zip(outlines, scores[order].tolist(), strict=True):
        if _draw(drawn, outline, len(kept) + 1, overlap):
            kept.append(score)
    return Stars(drawn, np.array(kept, np.float64))


def _peaks(
    maps: Maps, threshold: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float16]]:
    """Return where the peak map has its peaks, with the distances there."""
    level = np.log(threshold / (1 - threshold))
    highest = maximum_filter(maps.peak, _NEAREST, mode="nearest")
    flat = np.flatnonzero((maps.peak >= highest) & (maps.peak > level))
    y, x = np.divmod(flat, maps.peak.shape[1])
    return y, x, maps.distances[np.searchsorted(maps.places, flat)]


def _draw(
    drawn: NDArray[np.int32], outline: NDArray[np.float32], number: int, overlap: float
) -> bool:
    """Draw the star where no better one is; False if too little of it is left."""
    y, x = polygon(outline[:, 0], outline[:, 1], drawn.shape)
    free = drawn[y, x] == 0
    if not free.any() or free.mean() < 1 - overlap:
        return False
    drawn[y[free], x[free]] = number
    return True
