"""The largest and the smallest width of each object, on the corners of its pixels."""

from itertools import pairwise

import numpy as np

from shared.measuring.hulls import Hulls
from shared.measuring.runs import Indices, Numbers

#: Pairs of corners looked at together; bounds the memory of crowded images.
_PAIRS = 1 << 20


def feret_diameters(hulls: Hulls, count: int) -> tuple[Numbers, Numbers]:
    """Return `feretDiameterMax` and `feretDiameterMin` of *count* objects.

    The largest distance between two corners of the convex hull, and the smallest
    distance between two parallel lines that hold it, one of which then lies on an
    edge of it (G. Toussaint, Solving geometric problems with the rotating calipers,
    1983).
    """
    owner, row, column = hulls.vertices(count)
    corners = np.bincount(owner, minlength=count)
    offset = np.concatenate([[0], np.cumsum(corners)])
    largest, smallest = np.empty(count), np.empty(count)
    for first, last in _batches(corners):
        some = slice(offset[first], offset[last])
        largest[first:last], smallest[first:last] = _widths(
            corners[first:last], row[some], column[some]
        )
    return largest, smallest


def hull_perimeter(hulls: Hulls, count: int) -> Numbers:
    """Return the length of each hull's outline, in the unit of its coordinates."""
    owner, row, column = hulls.vertices(count)
    following = _following(np.bincount(owner, minlength=count))
    edges = np.hypot(row[following] - row, column[following] - column)
    return np.bincount(owner, weights=edges, minlength=count)


def _batches(corners: Indices) -> list[tuple[int, int]]:
    """Cut the objects into stretches of at most _PAIRS pairs, one object at least."""
    batch = np.cumsum(corners * corners) // _PAIRS
    cuts = np.flatnonzero(np.diff(batch)) + 1
    edges = [0, *cuts.tolist(), len(corners)]
    return [(a, b) for a, b in pairwise(edges) if a < b]


def _widths(corners: Indices, row: Indices, column: Indices) -> tuple[Numbers, Numbers]:
    begin = np.cumsum(corners) - corners
    partners = np.repeat(corners, corners)
    one = np.repeat(np.arange(len(row)), partners)
    edge_begin = np.cumsum(partners) - partners
    other = np.arange(len(one)) - edge_begin[one] + np.repeat(begin, corners)[one]
    down, along = row[other] - row[one], column[other] - column[one]
    distance = np.maximum.reduceat(down * down + along * along, edge_begin)
    following = _following(corners)
    edge_down, edge_along = row[following] - row, column[following] - column
    height = np.abs(edge_down[one] * along - edge_along[one] * down)
    length = np.hypot(edge_down, edge_along)
    width = np.maximum.reduceat(height, edge_begin) / length
    return (
        np.sqrt(np.maximum.reduceat(distance, begin)),
        np.minimum.reduceat(width, begin),
    )


def _following(corners: Indices) -> Indices:
    """Return the next corner of each, the first again after the last."""
    end = np.cumsum(corners)
    following = np.arange(1, end[-1] + 1)
    following[end - 1] -= corners
    return following
