"""Objects that are what the rest relies on: numbered without a gap, each in one part."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Indices: TypeAlias = NDArray[np.int64]

_ROWS_AT_ONCE = 1024


def connect(labels: NDArray[Any]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the labels as 1..N, one connected part each, and the label each came from.

    Parts that meet at a corner only are two. Objects keep their order; the parts of
    one follow each other from top to bottom. What is right already is returned as it is.
    """
    # Runs of one label in a row are far fewer than pixels; those of neighbouring rows that
    # touch are connected.
    height, width = labels.shape
    value, begin, length = _runs(labels)
    if not len(value):
        return np.zeros((height, width), np.uint32), np.zeros(0, np.int64)
    part, count = _parts(value, begin, begin + length, width + 1)
    first = np.full(count, len(value))
    np.minimum.at(first, part, np.arange(len(value)))
    order = np.lexsort((first, value[first]))
    number = np.empty(count, np.uint32)
    number[order] = np.arange(1, count + 1)
    origin = value[first[order]].astype(np.int64)
    if labels.dtype == np.uint32 and np.array_equal(number[part], value):
        return labels, origin  # A copy of a large image's labels would be the most memory of all.
    connected = np.zeros((height, width), np.uint32)
    _paint(connected, number[part], begin - begin // (width + 1), length)
    return connected, origin


def _runs(labels: NDArray[Any]) -> tuple[NDArray[Any], Indices, Indices]:
    """Return label, begin and length of each run, row by row.

    Begins are counted as if each row had one column of background more: so no run
    touches one of another row there.
    """
    stride = labels.shape[1] + 1
    found = []
    for top in range(0, len(labels), _ROWS_AT_ONCE):
        rows = labels[top : top + _ROWS_AT_ONCE]
        framed = np.zeros((len(rows), stride + 1), labels.dtype)
        framed[:, 1:-1] = rows
        row, before = np.nonzero(framed[:, 1:] != framed[:, :-1])
        value = framed[row, before + 1]
        run = np.flatnonzero(value)
        # A run ends where the next change of its row is.
        begin = (top + row[run]) * stride + before[run]
        found.append((value[run], begin, before[run + 1] - before[run]))
    if not found:
        return np.zeros(0, labels.dtype), np.zeros(0, np.int64), np.zeros(0, np.int64)
    value, begin, length = (np.concatenate(each) for each in zip(*found, strict=True))
    return value, begin, length


def _parts(
    value: NDArray[Any], begin: Indices, end: Indices, stride: int
) -> tuple[NDArray[np.int32], int]:
    """Return to which connected part each run belongs, and how many parts there are."""
    runs = len(value)
    low = np.searchsorted(end, begin + stride, side="right")
    high = np.searchsorted(begin, end + stride, side="left")
    below = np.maximum(high - low, 0)
    upper = np.repeat(np.arange(runs), below)
    lower = np.arange(len(upper)) + np.repeat(low - (np.cumsum(below) - below), below)
    same = value[upper] == value[lower]
    touching = coo_array(
        (np.ones(np.count_nonzero(same), np.bool_), (upper[same], lower[same])), (runs, runs)
    )
    count, part = connected_components(touching, directed=False)
    return part, int(count)


def _paint(
    canvas: NDArray[np.uint32], numbers: NDArray[np.uint32], begin: Indices, length: Indices
) -> None:
    """Write each run's number into its pixels; begins count the pixels of *canvas*."""
    end = np.cumsum(length)
    places = np.repeat(begin - (end - length), length) + np.arange(end[-1])
    canvas.reshape(-1)[places] = np.repeat(numbers, length)
