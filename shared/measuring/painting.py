"""Drawn outlines in, labels out: the way back from `shared.measuring.outlines`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from shared.measuring.connected import connect

Labels: TypeAlias = NDArray[np.uint32]
#: Corners `[n, 2]` as x, y; the last is joined to the first.
Corners: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Drawing:
    """One object to be painted: its label, its outer ring and the rings of its holes."""

    label: int
    polygon: Corners
    holes: Sequence[Corners] = ()


class NoPixelError(ValueError):
    """A drawing covers no pixel of the image; `place` is its number in the list, from 0."""

    def __init__(self, place: int) -> None:
        super().__init__(f"drawing {place} covers no pixel")
        self.place = place


def paint(
    drawings: Sequence[Drawing], height: int, width: int, *, taken: int = 0
) -> tuple[Labels, dict[int, int]]:
    """Return the labels `[y, x]` of the drawings, and of which label each new label is a piece.

    A pixel belongs to an object when its centre is inside the outline and in no hole, so that
    outlines along pixel edges give exactly the pixels that they were made of. What lies outside
    the image is cut off. Where drawings overlap, the later one has the pixels; what it cuts
    another into are objects of their own: the largest piece keeps the label, others are numbered
    from behind the largest label and *taken* on. Of a drawing that is in several pieces by itself,
    as a crossed outline, the largest is kept.
    """
    labels = np.zeros((height, width), np.uint32)
    for place, drawing in enumerate(drawings):
        top, left, mask = _mask(drawing, height, width)
        if not mask.any():
            raise NoPixelError(place)
        labels[top : top + mask.shape[0], left : left + mask.shape[1]][mask] = drawing.label
    return _in_one_piece(labels, max([taken, *(each.label for each in drawings)]))


def _mask(drawing: Drawing, height: int, width: int) -> tuple[int, int, NDArray[np.bool_]]:
    """Return where the object's box begins, row and column, and its pixels in it."""
    x, y = drawing.polygon[:, 0], drawing.polygon[:, 1]
    left, right = (int(np.clip(edge, 0, width)) for edge in (np.floor(x.min()), np.ceil(x.max())))
    top, bottom = (int(np.clip(edge, 0, height)) for edge in (np.floor(y.min()), np.ceil(y.max())))
    box = (bottom - top, right - left)
    mask = _filled(drawing.polygon - (left, top), box)
    for hole in drawing.holes:
        mask &= ~_filled(hole - (left, top), box)
    return top, left, _largest_piece(mask)


def _filled(ring: Corners, box: tuple[int, int]) -> NDArray[np.bool_]:
    """Return which pixels of the box have their centre inside the ring, by even and odd."""
    height, width = box
    begin, end = ring, np.roll(ring, -1, axis=0)
    low, high = np.minimum(begin[:, 1], end[:, 1]), np.maximum(begin[:, 1], end[:, 1])
    first = np.clip(np.ceil(low - 0.5), 0, height).astype(np.int64)
    count = np.clip(np.ceil(high - 0.5), 0, height).astype(np.int64) - first
    side = np.repeat(np.arange(len(ring)), count)
    row = np.arange(len(side)) - np.repeat(np.cumsum(count) - count - first, count)
    share = (row + 0.5 - begin[side, 1]) / (end[side, 1] - begin[side, 1])
    x = begin[side, 0] + share * (end[side, 0] - begin[side, 0])
    column = np.clip(np.ceil(x - 0.5), 0, width).astype(np.int64)
    crossings = np.zeros((height, width + 1), np.uint8)
    # More than 255 of them in one place start anew at 0, and stay even or odd.
    np.add.at(crossings, (row, column), 1)
    return np.asarray(np.add.accumulate(crossings, axis=1, dtype=np.uint8)[:, :-1] & 1, np.bool_)


def _largest_piece(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    pieces, count = ndimage.label(mask)
    if count <= 1:
        return mask
    return np.asarray(pieces == np.bincount(pieces.ravel())[1:].argmax() + 1)


def _in_one_piece(labels: Labels, largest: int) -> tuple[Labels, dict[int, int]]:
    """Return the labels, smaller pieces of each numbered from behind *largest* on."""
    pieces, origin = connect(labels)
    if len(origin) == len(set(origin.tolist())):
        return labels, {}
    areas = np.bincount(pieces.ravel(), minlength=len(origin) + 1)[1:]
    # Of each label the largest piece comes first, and the upper one of two that are alike.
    order = np.lexsort((np.arange(len(origin)), -areas, origin))
    keeps = np.ones(len(origin), bool)
    keeps[order[1:]] = origin[order[1:]] != origin[order[:-1]]
    named = origin.copy()
    named[~keeps] = largest + np.arange(1, 1 + np.count_nonzero(~keeps))
    names: NDArray[Any] = np.concatenate([[0], named]).astype(np.uint32)
    cut = zip(named[~keeps].tolist(), origin[~keeps].tolist(), strict=True)
    return names[pieces], dict(cut)
