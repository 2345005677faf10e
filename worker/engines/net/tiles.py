"""Windows over a picture of any size, so that what is learnt of one window is bounded."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from worker.engines.net.layout import STRIDE

#: The longest side of a window, and how much of it is only there to be seen around. Both are
#: multiples of STRIDE: every window then meets the network's grids at the same phase.
WINDOW = 704
HALO = 64


@dataclass(frozen=True, slots=True)
class Tile:
    """A window, and the part of it that is believed: `core` is inside `window`."""

    window: tuple[slice, slice]
    core: tuple[slice, slice]


def padded_side(side: int) -> int:
    """Return the least multiple of STRIDE that is not below *side*."""
    return -(-side // STRIDE) * STRIDE


def tiles(shape: tuple[int, int], *, window: int = WINDOW, halo: int = HALO) -> Iterator[Tile]:
    """Cover *shape*, whose sides are multiples of STRIDE, by cores that do not overlap."""
    for rows, core_rows in _spans(shape[0], window, halo):
        for columns, core_columns in _spans(shape[1], window, halo):
            yield Tile((rows, columns), (core_rows, core_columns))


def _spans(side: int, window: int, halo: int) -> list[tuple[slice, slice]]:
    """Return windows along one side with their cores, which meet in mid-overlap."""
    if side <= window:
        return [(slice(0, side), slice(0, side))]
    count = -(-(side - 2 * halo) // (window - 2 * halo))
    # No larger than so many need be: what is seen twice takes time.
    window = padded_side(-(-(side + 2 * halo * (count - 1)) // count))
    last = side - window
    starts = [round(last * number / (count - 1) / STRIDE) * STRIDE for number in range(count)]
    middles = [
        (before + window + after) // 2 // STRIDE * STRIDE
        for before, after in itertools.pairwise(starts)
    ]
    bounds = [0, *middles, side]
    return [
        (slice(start, start + window), slice(low, high))
        for start, low, high in zip(starts, bounds[:-1], bounds[1:], strict=True)
    ]
