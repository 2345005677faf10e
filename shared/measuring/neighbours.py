"""Which objects touch each other, and how far apart they are."""

from itertools import combinations

import numpy as np
from scipy.spatial import cKDTree

from shared.measuring.runs import Indices, Numbers


def neighbour_count(squares: Numbers, count: int) -> Indices:
    """Return `neighbourCount`: how many others an object touches, by an edge or a corner.

    Two pixels that touch are in one of the squares of `perimeters.mixed_squares`.
    """
    pairs = []
    for one, other in combinations(squares, 2):
        apart = np.flatnonzero((one != other) & (one > 0) & (other > 0))
        low = np.minimum(one[apart], other[apart]).astype(np.int64)
        pairs.append(low * (count + 1) + np.maximum(one[apart], other[apart]))
    low, high = np.divmod(np.unique(np.concatenate(pairs)), count + 1)
    return np.bincount(np.concatenate([low, high]), minlength=count + 1)[1:]


def nearest_neighbour(centroid: Numbers) -> Numbers:
    """Return `nearestNeighbourDistance` between centroids `[n, 2]`; NaN where one is alone."""
    if len(centroid) < 2:  # noqa: PLR2004 - a neighbour takes two
        return np.full(len(centroid), np.nan)
    distance, _ = cKDTree(centroid).query(centroid, k=2)
    return np.asarray(distance[:, 1])
