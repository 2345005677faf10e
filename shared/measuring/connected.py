"""Objects that are what the rest relies on: numbered without a gap, each in one part."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.measure import label as connected_parts


def connect(labels: NDArray[Any]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the labels as 1..N, one connected part each, and the label each came from.

    Parts that meet at a corner only are two. Objects keep their order; the parts of
    one follow each other from top to bottom. What is right already stays as it is.
    """
    parts = connected_parts(labels, connectivity=1, background=0)
    numbers, place = np.unique(parts, return_index=True)
    inside = numbers > 0
    origin = labels.ravel()[place[inside]].astype(np.int64)
    order = np.argsort(origin, kind="stable")
    rank = np.zeros(len(numbers) + 1, np.uint32)
    rank[numbers[inside][order]] = np.arange(1, len(order) + 1)
    return rank[parts], origin[order]
