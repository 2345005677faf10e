"""Convex hulls of all objects at once, in whole numbers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.measuring.runs import Indices, Runs

#: Beyond every column: what a row without a pixel of the object has as its extreme.
_NONE = 1 << 30


@dataclass(frozen=True, slots=True)
class Profile:
    """The first and the last column of each row of each object.

    Rows of object `i` are at `offset[i]:offset[i + 1]`, from `top[i]` downwards.
    """

    offset: Indices
    top: Indices
    left: Indices
    right: Indices


@dataclass(frozen=True, slots=True)
class Chains:
    """Points of one side of every hull, from top to bottom, object after object."""

    owner: Indices
    row: Indices
    column: Indices


@dataclass(frozen=True, slots=True)
class Hulls:
    """The left and the right side of the hull of each object."""

    left: Chains
    right: Chains

    def vertices(self, count: int) -> tuple[Indices, Indices, Indices]:
        """Return owner, row and column of the corners, around each of *count* hulls."""
        owner = np.concatenate([self.left.owner, self.right.owner])
        row = np.concatenate([-self.left.row, self.right.row])
        side = np.repeat([0, 1], [len(self.left.row), len(self.right.row)])
        order = np.lexsort((row, side, owner))
        column = np.concatenate([self.left.column, self.right.column])
        return owner[order], np.abs(row[order]), column[order]


def profile_of(runs: Runs, box: Indices) -> Profile:
    """Return the extreme columns of every row of every object."""
    height = box[:, 2] - box[:, 0]
    offset = np.concatenate([[0], np.cumsum(height)])
    place = offset[runs.owner] + runs.row - box[runs.owner, 0]
    left = np.full(offset[-1], _NONE)
    right = np.full(offset[-1], -_NONE)
    np.minimum.at(left, place, runs.start)
    np.maximum.at(right, place, runs.stop - 1)
    return Profile(offset=offset, top=box[:, 0], left=left, right=right)


def corner_hulls(profile: Profile) -> Hulls:
    """Return the hulls of the corners of the pixels, in pixels."""
    left, right = _between_rows(profile, profile.left, profile.right)
    owner, row = _places(np.diff(profile.offset) + 1)
    row = row + profile.top[owner]
    return _hulls(owner, row, left, right + 1)


def midpoint_hulls(profile: Profile) -> Hulls:
    """Return the hulls of the midpoints of the pixels' edges, in half pixels.

    Twice the coordinates are whole numbers: the centre of pixel (y, x) is (2y, 2x).
    """
    height = np.diff(profile.offset)
    owner, row = _places(2 * height + 1)
    left, right = np.empty_like(row), np.empty_like(row)
    on_edge = row % 2 == 0
    edge_left, edge_right = _between_rows(profile, profile.left, profile.right)
    left[on_edge], right[on_edge] = 2 * edge_left, 2 * edge_right
    left[~on_edge], right[~on_edge] = 2 * profile.left - 1, 2 * profile.right + 1
    return _hulls(owner, row - 1 + 2 * profile.top[owner], left, right)


def pixels_inside(hulls: Hulls, profile: Profile) -> Indices:
    """Return how many pixel centres each of the hulls of `midpoint_hulls` holds."""
    owner, row = _places(np.diff(profile.offset))
    row = 2 * (row + profile.top[owner])
    first = -_half_floor(*_crossing(hulls.left, owner, row), sign=-1)
    last = _half_floor(*_crossing(hulls.right, owner, row), sign=1)
    return np.add.reduceat(last - first + 1, profile.offset[:-1])


def _places(lengths: Indices) -> tuple[Indices, Indices]:
    """Return 0, 0, 1, 1, 1 and 0, 1, 0, 1, 2 for the lengths 2 and 3."""
    owner = np.repeat(np.arange(len(lengths)), lengths)
    begin = np.cumsum(lengths) - lengths
    return owner, np.arange(len(owner)) - begin[owner]


def _between_rows(profile: Profile, left: Indices, right: Indices) -> tuple[Indices, Indices]:
    """Return the extremes at the lines between rows, one more than rows per object."""
    height = np.diff(profile.offset)
    owner, line = _places(height + 1)
    above = profile.offset[owner] + line - 1
    no_row_above, no_row_below = line == 0, line == height[owner]
    above[no_row_above] += 1
    below = profile.offset[owner] + line
    below[no_row_below] -= 1
    return np.minimum(left[above], left[below]), np.maximum(right[above], right[below])


def _hulls(owner: Indices, row: Indices, left: Indices, right: Indices) -> Hulls:
    keep_left = _convex(owner, row, left)
    keep_right = _convex(owner, row, -right)
    return Hulls(
        left=Chains(owner[keep_left], row[keep_left], left[keep_left]),
        right=Chains(owner[keep_right], row[keep_right], right[keep_right]),
    )


def _convex(owner: Indices, row: Indices, column: Indices) -> NDArray[np.bool_]:
    """Tell which points are on the lower hull of their chain.

    A point on or above the line between any two others is no corner of the hull, so
    all that lie so between their neighbours may go at once; then again, only where
    something went, until nothing goes.
    """
    alive = np.ones(len(row), bool)
    work = np.arange(len(row))
    while len(work):
        a, b, c = work[:-2], work[1:-1], work[2:]
        ahead = (row[b] - row[a]) * (column[c] - column[a])
        turn = ahead - (column[b] - column[a]) * (row[c] - row[a])
        gone = b[(owner[a] == owner[c]) & (turn <= 0)]
        alive[gone] = False
        unsettled = np.zeros(owner[-1] + 1, bool)
        unsettled[owner[gone]] = True
        work = work[alive[work] & unsettled[owner[work]]]
    return alive


def _crossing(side: Chains, owner: Indices, row: Indices) -> tuple[Indices, Indices]:
    """Return the column of *side* at each row as numerator and denominator."""
    wide = int(max(side.row.max(), row.max())) + 2
    key = side.owner * wide + side.row
    after = np.searchsorted(key, owner * wide + row, side="right")
    before = after - 1
    rows = side.row[after] - side.row[before]
    columns = side.column[after] - side.column[before]
    return side.column[before] * rows + columns * (row - side.row[before]), rows


def _half_floor(numerator: Indices, denominator: Indices, *, sign: int) -> Indices:
    return np.floor_divide(sign * numerator, 2 * denominator)
