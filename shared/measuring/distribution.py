"""How the values of a measurement are distributed: statistics and a histogram."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: The histogram spans what lies between these quantiles; a few giants must not hide all others.
_SPAN = (0.001, 0.999)
_FEW = 1000  #: Of fewer values all are within the span.


@dataclass(frozen=True, slots=True)
class Distribution:
    """Values that are numbers: how many, what is typical, and how many are in each bin.

    `counts[i]` lie from `edges[i]` up to `edges[i + 1]`; those outside are in `below`, `above`.
    """

    count: int
    mean: float
    std: float | None
    minimum: float
    q25: float
    median: float
    q75: float
    maximum: float
    edges: list[float]
    counts: list[int]
    below: int
    above: int


def distribution_of(values: NDArray[Any], bins: int) -> Distribution | None:
    """Return the distribution of the values that are finite; None when none is."""
    some = values[np.isfinite(values)].astype(np.float64)
    if len(some) == 0:
        return None
    low, q25, median, q75, high = np.quantile(some, [_SPAN[0], 0.25, 0.5, 0.75, _SPAN[1]])
    if len(some) <= _FEW:
        low, high = some.min(), some.max()
    edges = _edges(low, high, bins, is_whole=bool((some == np.rint(some)).all()))
    counts, _ = np.histogram(some, edges)
    return Distribution(
        count=len(some),
        mean=float(some.mean()),
        std=float(some.std(ddof=1)) if len(some) > 1 else None,
        minimum=float(some.min()),
        q25=float(q25),
        median=float(median),
        q75=float(q75),
        maximum=float(some.max()),
        edges=[float(edge) for edge in edges],
        counts=[int(count) for count in counts],
        below=int(np.count_nonzero(some < edges[0])),
        above=int(np.count_nonzero(some > edges[-1])),
    )


def _edges(low: float, high: float, bins: int, *, is_whole: bool) -> NDArray[np.float64]:
    """Return the edges of equal bins; of whole numbers each bin has as many of them."""
    if is_whole:
        low, high = np.floor(low), np.floor(high) + 1
        width = max(1, int(np.ceil((high - low) / bins)))
        return np.arange(low, high + width, width) - 0.5
    if low == high:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, bins + 1)
