"""The largest and the smallest width of each object, on the corners of its pixels."""

import numpy as np

from shared.measuring.hulls import Hulls
from shared.measuring.runs import Indices, Numbers


def feret_diameters(hulls: Hulls, count: int) -> tuple[Numbers, Numbers]:
    """Return `feretDiameterMax` and `feretDiameterMin` of *count* objects.

    The largest distance between two corners of the convex hull, and the smallest
    distance between two parallel lines that hold it, one of which then lies on an
    edge of it. Both are found among the edges and the corners opposite to them
    (G. Toussaint, Solving geometric problems with the rotating calipers, 1983).
    """
    owner, row, column = hulls.vertices(count)
    corners = np.bincount(owner, minlength=count)
    begin = np.cumsum(corners) - corners
    following = _following(corners)
    edge_down, edge_along = row[following] - row, column[following] - column
    far = _opposite(owner, corners, edge_down, edge_along)
    down, along = row[far] - row, column[far] - column
    height = np.abs(edge_down * along - edge_along * down)
    width = height / np.hypot(edge_down, edge_along)
    from_start = down * down + along * along
    from_end = (row[far] - row[following]) ** 2 + (column[far] - column[following]) ** 2
    return (
        np.sqrt(np.maximum.reduceat(np.maximum(from_start, from_end), begin)),
        np.minimum.reduceat(width, begin),
    )


def hull_perimeter(hulls: Hulls, count: int) -> Numbers:
    """Return the length of each hull's outline, in the unit of its coordinates."""
    owner, row, column = hulls.vertices(count)
    following = _following(np.bincount(owner, minlength=count))
    edges = np.hypot(row[following] - row, column[following] - column)
    return np.bincount(owner, weights=edges, minlength=count)


def _opposite(owner: Indices, corners: Indices, down: Indices, along: Indices) -> Indices:
    """Return the corner that is farthest from each edge.

    Seen from an edge, the edges after it lead away from it until they have turned by half a
    circle, and back from there on. That place is searched for by halves, in all hulls at
    once, rather than by walking calipers around each.
    """
    length = corners[owner]
    begin = (np.cumsum(corners) - corners)[owner]
    place = np.arange(len(owner)) - begin
    away, back = np.ones_like(place), length - 1
    while (open_ := back - away > 1).any():
        middle = (away + back) // 2
        other = begin + (place + middle) % length
        leads_away = along * down[other] > down * along[other]
        away = np.where(open_ & leads_away, middle, away)
        back = np.where(open_ & ~leads_away, middle, back)
    return begin + (place + back) % length


def _following(corners: Indices) -> Indices:
    """Return the next corner of each, the first again after the last."""
    end = np.cumsum(corners)
    following = np.arange(1, end[-1] + 1)
    following[end - 1] -= corners
    return following
