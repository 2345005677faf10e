"""Outlines along the edges of the pixels, so that their area is the label's pixels."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from skimage.measure import label as connected_parts

from shared.measuring.runs import Indices, Numbers

#: Corners `[x, y]` one after the other; the last is joined to the first.
Ring: TypeAlias = list[list[int]]

#: Where the side of a pixel that is walked east, south, west, north begins: x, y.
_BEGIN = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])


@dataclass(slots=True)
class Outline:
    """One connected part of an object: its outer ring and the rings of its holes."""

    label: int
    polygon: Ring
    holes: list[Ring] = field(default_factory=list)


def outlines(labels: NDArray[Any]) -> list[Outline]:
    """Return the outline of every object of `labels[y, x]`, in order of the labels.

    Rings run along pixel edges, outer ones clockwise as seen (y down), holes the
    other way; corners on a straight line are left out. The area of the outer ring
    less that of the holes is exactly the number of pixels. Pixels of one part touch
    by an edge; a label of several parts has one outline for each, so make labels
    connected first (`shared.measuring.connected`). No ring meets itself.
    """
    parts = connected_parts(labels, connectivity=1, background=0)
    pixels, rings, areas = _rings(np.pad(parts, 1))
    row, column = np.divmod(pixels, labels.shape[1] + 2)
    place = (row - 1, column - 1)
    part_of_ring, label_of_ring = parts[place].tolist(), labels[place].tolist()
    found = {
        part_of_ring[i]: Outline(label=label_of_ring[i], polygon=rings[i])
        for i in np.flatnonzero(areas > 0).tolist()
    }
    for i in np.flatnonzero(areas < 0).tolist():
        found[part_of_ring[i]].holes.append(rings[i])
    return sorted(found.values(), key=lambda outline: outline.label)


def _rings(framed: Numbers) -> tuple[Indices, list[Ring], Indices]:
    """Return a pixel, the corners and twice the signed area of every ring."""
    pixel, direction = _sides(framed)
    following = _following(framed, pixel, direction)
    order, begin = _walk(following.tolist())
    turns = np.empty(len(order), bool)
    turns[following] = direction[following] != direction
    y, x = np.divmod(pixel, framed.shape[1])
    corners = np.stack([x, y], axis=1) - 1 + _BEGIN[direction]
    kept = turns[order]
    points = corners[order][kept]
    starts = (np.cumsum(kept) - kept)[begin]
    lists = points.tolist()
    rings = [lists[a:b] for a, b in pairwise([*starts.tolist(), len(lists)])]
    return pixel[order[begin]], rings, _areas(points, starts)


def _sides(framed: Numbers) -> tuple[Indices, Indices]:
    """Return pixel and walking direction of each side between two parts, sorted.

    The part lies to the right of the direction: the upper side is walked east.
    """
    width = framed.shape[1]
    flat = framed.ravel()
    inside = slice(width, len(flat) - width)
    object_there = flat[inside] != 0
    keys = []
    for direction, step in enumerate((-width, 1, width, -1)):
        outside = flat[inside.start + step : inside.stop + step]
        sides = np.flatnonzero(object_there & (flat[inside] != outside))
        keys.append((sides + width) * 4 + direction)
    return np.divmod(np.sort(np.concatenate(keys), kind="stable"), 4)


def _following(framed: Numbers, pixel: Indices, direction: Indices) -> Indices:
    """Return the side that each side leads to.

    Where two pixels of a part meet at a corner only, the walk goes on to the other
    (turns left): they are one part by another way, so this keeps every ring from
    meeting itself.
    """
    width = framed.shape[1]
    ahead = np.array([1, width, -1, -width])[direction]
    left = np.array([-width, 1, width, -1])[direction]
    flat = framed.ravel()
    own = flat[pixel]
    goes_left = flat[pixel + ahead + left] == own
    goes_on = ~goes_left & (flat[pixel + ahead] == own)
    next_pixel = np.where(goes_left, pixel + ahead + left, pixel)
    next_pixel = np.where(goes_on, pixel + ahead, next_pixel)
    turn = np.where(goes_left, -1, np.where(goes_on, 0, 1))
    return np.searchsorted(pixel * 4 + direction, next_pixel * 4 + (direction + turn) % 4)


def _walk(following: list[int]) -> tuple[Indices, Indices]:
    """Return all sides in walking order, ring after ring, and where rings begin."""
    seen = bytearray(len(following))
    order: list[int] = []
    begin: list[int] = []
    for first in range(len(following)):
        if seen[first]:
            continue
        begin.append(len(order))
        side = first
        while not seen[side]:
            seen[side] = 1
            order.append(side)
            side = following[side]
    return np.array(order, np.int64), np.array(begin, np.int64)


def _areas(points: Indices, starts: Indices) -> Indices:
    """Return twice the signed area of each ring, positive when clockwise as seen."""
    if len(starts) == 0:
        return np.zeros(0, np.int64)
    following = np.arange(1, len(points) + 1)
    following[[*(starts[1:] - 1), len(points) - 1]] = starts
    x, y = points[:, 0], points[:, 1]
    return np.add.reduceat(x * y[following] - x[following] * y, starts)
