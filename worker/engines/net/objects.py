"""From stars to objects: every pixel inside goes to the star that it points at."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from skimage.measure import label as connected_parts

from shared.measuring.connected import connect
from worker.engines.net.layout import GRID
from worker.engines.net.network import Maps
from worker.engines.net.stars import Stars

Labels = NDArray[Any]

#: How far, in squares, a place may be from the star that it joins without pointing at it.
_FARTHEST = 4


def outlined(maps: Maps, stars: Stars, *, inside: float) -> NDArray[np.int32]:
    """Return labels `int32[y, x]` of the *stars*: pixels whose logit is above *inside*."""
    mask = maps.inside > inside
    height, width = mask.shape
    owners = _owners(maps, stars, _any_in_square(mask))
    labels = owners.repeat(GRID, axis=0)[:height].repeat(GRID, axis=1)[:, :width]
    return np.where(mask, labels, 0)


def _any_in_square(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    height, width = mask.shape
    even = np.pad(mask, ((0, -height % GRID), (0, -width % GRID)))
    rows, columns = even.shape[0] // GRID, even.shape[1] // GRID
    return np.asarray(even.reshape(rows, GRID, columns, GRID).any(axis=(1, 3)))


def _owners(maps: Maps, stars: Stars, mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return for each square inside the star it belongs to: where it says its middle is."""
    owners = np.zeros(mask.shape, np.int32)
    if not stars.scores.size:
        return owners
    y, x = np.nonzero(mask)
    way = maps.middle[:, y, x].astype(np.float32) / GRID
    rows = np.clip(np.rint(y + way[0]), 0, mask.shape[0] - 1).astype(np.int64)
    columns = np.clip(np.rint(x + way[1]), 0, mask.shape[1] - 1).astype(np.int64)
    owners[y, x] = stars.drawn[rows, columns]
    # Who points at nothing stays with the star that was drawn over it, or the nearest owner.
    lost = mask & (owners == 0)
    owners[lost] = stars.drawn[lost]
    return _joined(owners, mask)


def _joined(owners: NDArray[np.int32], mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    lost = mask & (owners == 0)
    if not lost.any():
        return owners
    distance, (rows, columns) = distance_transform_edt(owners == 0, return_indices=True)
    near = lost & (distance <= _FARTHEST)
    owners[near] = owners[rows[near], columns[near]]
    return owners


def whole_ones(labels: NDArray[np.int32], min_area: float) -> tuple[Labels, NDArray[np.int64]]:
    """Return the largest connected part of each label as `uint32` 1..N, and the label it had.

    Parts below *min_area* pixels are dropped.
    """
    parts, origin = connect(labels)
    areas = np.bincount(parts.ravel(), minlength=len(origin) + 1)[1:]
    # Of one label the largest part comes last: it is the one that stays in the table.
    order = np.lexsort((areas, origin))
    last = np.ones(len(order), bool)
    last[:-1] = origin[order][:-1] != origin[order][1:]
    kept = np.zeros(len(origin) + 1, bool)
    kept[1 + order[last]] = True
    kept[1:] &= areas >= min_area
    numbers = np.where(kept, np.cumsum(kept), 0).astype(np.uint32)
    return numbers[parts], origin[kept[1:]]


def without_holes(labels: Labels, max_area: float) -> Labels:
    """Return *labels* with each gap below *max_area* pixels filled that is inside one object.

    Gaps between objects, at the border, and islands' surroundings stay.
    """
    gaps = connected_parts(labels == 0, connectivity=1, background=0)
    areas = np.bincount(gaps.ravel())
    first = np.full(len(areas), np.iinfo(np.int64).max)
    last = np.zeros(len(areas), np.int64)
    for here, there in (*_NEIGHBOURS, *(pair[::-1] for pair in _NEIGHBOURS)):
        beside = (gaps[here] > 0) & (labels[there] > 0)
        np.minimum.at(first, gaps[here][beside], labels[there][beside])
        np.maximum.at(last, gaps[here][beside], labels[there][beside])
    fill = (areas < max_area) & (first == last)
    for edge in (gaps[0], gaps[-1], gaps[:, 0], gaps[:, -1]):
        fill[edge] = False
    fill[0] = False
    return np.where(fill[gaps], last[gaps], labels).astype(labels.dtype)


_ALL = slice(None)
_NEIGHBOURS = (
    ((slice(1, None), _ALL), (slice(None, -1), _ALL)),
    ((_ALL, slice(1, None)), (_ALL, slice(None, -1))),
)
