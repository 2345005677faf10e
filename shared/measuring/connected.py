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
    count = int(parts.max(initial=0))
    origin = np.zeros(count + 1, np.int64)
    origin[parts] = labels
    order = np.argsort(origin[1:], kind="stable")
    rank = np.zeros(count + 1, np.uint32)
    rank[1 + order] = np.arange(1, count + 1)
    return rank[parts], origin[1 + order]
