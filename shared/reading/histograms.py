"""How often the numbers of a channel occur."""

from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

BARS = 256  #: At most; every number of 8 bits has its own.


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of the numbers from `first` on, each of the next `step`."""

    first: float = 0.0
    step: float = 1.0
    counts: tuple[int, ...] = ()


NOTHING = Histogram()


def histogram(numbers: NDArray[Any], least: float, most: float) -> Histogram:
    """Count finite *numbers* that lie between *least* and *most*.

    Bars of whole numbers hold equally many of them, or every other one would stick out.
    """
    whole = numbers.dtype.kind in "iub"
    reach = most - least + whole
    step = max(1, ceil(reach / BARS)) if whole else reach / BARS or 1.0
    bars = max(1, ceil(reach / step))
    places = ((numbers.astype(np.float64) - least) / step).astype(np.intp)
    counts = np.bincount(places.clip(0, bars - 1), minlength=bars)
    return Histogram(least, float(step), tuple(map(int, counts)))
