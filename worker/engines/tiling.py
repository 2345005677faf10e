"""Large images in tiles that overlap, put together so that objects across seams are one.

Only one tile is in the engine at a time, so memory is that of a tile and of the labels. Tiles are
taken row by row. What two of them see in common decides which objects are the same:

- those whose intersection there is at least half of their union there;
- an object that a tile's own edge cuts, and one that covers at least half of it there.

Of an object that both saw, the first tile's outline stays and the second one's rest is added. One
that only the second saw is added unless most of it is taken.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from shared.domain.engines import Segmentation, Tiling
from worker.engines.progress import told, unheard

Labels: TypeAlias = NDArray[np.uint32]

#: An image that is not this much larger than a tile is taken as a whole.
WHOLE = 1.5
_SAME = 0.5
_ROWS_AT_ONCE = 1024


@dataclass(frozen=True, slots=True)
class Window:
    """One tile: where it lies, and how many of its first rows and columns are known already."""

    top: int
    bottom: int
    left: int
    right: int
    known_rows: int = 0
    known_columns: int = 0

    @property
    def slices(self) -> tuple[slice, slice]:
        return slice(self.top, self.bottom), slice(self.left, self.right)


def windows(shape: tuple[int, int], tiling: Tiling) -> list[Window]:
    """Return tiles that cover `shape` (y, x), row by row, neighbours overlapping as is due.

    All have the same size, at most that of a tile.
    """
    rows, columns = (_spans(length, tiling) for length in shape)
    return [
        Window(top, bottom, left, right, known_rows, known_columns)
        for top, bottom, known_rows in rows
        for left, right, known_columns in columns
    ]


def in_tiles(
    image: NDArray[Any], tiling: Tiling, segment: Callable[[NDArray[Any]], Segmentation]
) -> Segmentation:
    """Return the objects of `image[y, x, c]`, of which *segment* outlines each tile.

    It must return labels 1..N without a gap. Progress is told after each tile.
    """
    canvas = Canvas((image.shape[0], image.shape[1]))
    for window in told(windows(canvas.labels.shape, tiling)):
        with unheard():
            found = segment(np.ascontiguousarray(image[window.slices]))
        canvas.add(window, found)
    return canvas.finished()


def needs_tiles(shape: tuple[int, ...], tiling: Tiling) -> bool:
    """Tell whether an image of this shape is taken in tiles."""
    return max(shape[:2]) > WHOLE * tiling.side


class Canvas:
    """The labels of a large image, put together tile by tile in the order of `windows`."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.labels: Labels = np.zeros(shape, np.uint32)
        self._parent = [0]
        self._area = [0]
        self._scores: list[float] | None = [0.0]

    def add(self, window: Window, found: Segmentation) -> None:
        """Add what was found in a tile."""
        here, new = self.labels[window.slices], np.asarray(found.labels)
        numbers = self._matched(window, here, new)
        free = (new > 0) & (here == 0)
        areas = np.bincount(new.ravel(), minlength=len(numbers))
        added = np.bincount(new[free], minlength=len(numbers))
        for label in np.flatnonzero((numbers == 0) & (2 * added >= areas) & (added > 0)).tolist():
            numbers[label] = self._next()
        numbers[0] = 0
        here[free] = numbers[new[free]]
        self._account(numbers, added, found.scores)

    def finished(self) -> Segmentation:
        """Return the labels as 1..N without a gap; a score is the mean over its object's parts."""
        roots = np.array([self._root(number) for number in range(len(self._parent))])
        kept = np.unique(roots[1:])
        names = np.zeros(len(roots), np.uint32)
        names[kept] = np.arange(1, len(kept) + 1)
        for start in range(0, len(self.labels), _ROWS_AT_ONCE):
            rows = self.labels[start : start + _ROWS_AT_ONCE]
            rows[:] = names[roots[rows]]
        return Segmentation(self.labels, self._mean_scores(roots, kept))

    def _matched(self, window: Window, here: Labels, new: NDArray[Any]) -> NDArray[np.int64]:
        """Return for each new label the object of the canvas that it is, or 0."""
        numbers = np.zeros(int(new.max(initial=0)) + 1, np.int64)
        for label, number in _same(window, here, new):
            if numbers[label]:
                self._join(int(numbers[label]), number)
            else:
                numbers[label] = number
        return numbers

    def _next(self) -> int:
        self._parent.append(len(self._parent))
        self._area.append(0)
        if self._scores is not None:
            self._scores.append(0.0)
        return len(self._parent) - 1

    def _account(
        self, numbers: NDArray[np.int64], added: NDArray[Any], scores: NDArray[Any] | None
    ) -> None:
        if scores is None:
            self._scores = None
        for label in np.flatnonzero(numbers).tolist():
            number, area = int(numbers[label]), int(added[label])
            self._area[number] += area
            if self._scores is not None and scores is not None:
                self._scores[number] += area * float(scores[label - 1])

    def _mean_scores(
        self, roots: NDArray[np.int64], kept: NDArray[np.int64]
    ) -> NDArray[np.float64] | None:
        if self._scores is None:
            return None
        sums = np.bincount(roots, weights=self._scores)
        areas = np.bincount(roots, weights=self._area)
        return np.asarray(sums[kept] / areas[kept])

    def _root(self, number: int) -> int:
        while self._parent[number] != number:
            self._parent[number] = self._parent[self._parent[number]]
            number = self._parent[number]
        return number

    def _join(self, one: int, other: int) -> None:
        first, second = sorted((self._root(one), self._root(other)))
        self._parent[second] = first


def _spans(length: int, tiling: Tiling) -> list[tuple[int, int, int]]:
    """Return begin, end and how much the one before covered, evenly along one side."""
    if length <= tiling.side:
        return [(0, length, 0)]
    count = ceil((length - tiling.overlap) / (tiling.side - tiling.overlap))
    # As many tiles as are needed, and none larger than that: what overlaps is done twice.
    side = ceil((length + (count - 1) * tiling.overlap) / count)
    begins = [place * (length - side) // (count - 1) for place in range(count)]
    known = [0, *(before + side - begin for before, begin in pairwise(begins))]
    return [(b, b + side, k) for b, k in zip(begins, known, strict=True)]


def _same(window: Window, here: Labels, new: NDArray[Any]) -> Iterator[tuple[int, int]]:
    """Yield which new label is which object of the canvas."""
    known = np.zeros(here.shape, np.bool_)
    known[: window.known_rows] = True
    known[:, : window.known_columns] = True
    old, fresh = here[known].astype(np.int64), new[known].astype(np.int64)
    # Few objects meet here: numbers of their own keep the counts small.
    olds, old = np.unique(old, return_inverse=True)
    old_area = np.bincount(old, minlength=len(olds))
    fresh_area = np.bincount(fresh)
    pairs, common = np.unique(fresh * len(olds) + old, return_counts=True)
    cut_old, cut_new = _cut(window, here, new)
    for pair, shared in zip(pairs.tolist(), common.tolist(), strict=True):
        label, place = divmod(pair, len(olds))
        number = int(olds[place])
        if label == 0 or number == 0:
            continue
        one, other = int(old_area[place]), int(fresh_area[label])
        if (
            shared >= _SAME * (one + other - shared)
            or (number in cut_old and shared >= _SAME * one)
            or (label in cut_new and shared >= _SAME * other)
        ):
            yield label, number


def _cut(window: Window, here: Labels, new: NDArray[Any]) -> tuple[set[int], set[int]]:
    """Return the objects that a tile's own edge cuts: of the canvas, and of the new tile."""
    old: list[Labels] = []
    fresh: list[NDArray[Any]] = []
    if window.known_rows:
        old.append(here[window.known_rows - 1])
        fresh.append(new[0])
    if window.known_columns:
        old.append(here[:, window.known_columns - 1])
        fresh.append(new[:, 0])
    if not old:
        return set(), set()
    return set(np.unique(np.concatenate(old)).tolist()), set(
        np.unique(np.concatenate(fresh)).tolist()
    )
