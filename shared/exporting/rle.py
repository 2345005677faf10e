"""COCO's run-length code of one object, straight from its outline.

Runs go down the columns, as in COCO's mask API; the counts are packed as its `rleToString` does:
from the fourth on each is the difference to the one two before it, in groups of five bits.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise

from shared.exporting.outlines import FlatRing, Shape, corners

_BITS = 5
_MORE = 0x20
_SIGN = 0x10
_FIRST_CHARACTER = 48


def rle_of(shape: Shape, height: int, width: int) -> str:
    """Return the packed counts of the object in an image of this size."""
    return packed(counts_of((shape.polygon, *shape.holes), height, width))


def counts_of(rings: Iterable[FlatRing], height: int, width: int) -> list[int]:
    """Return background and object pixels in turn, column after column from the top.

    Rings run along pixel edges, so each horizontal edge begins or ends a run in every column
    that it passes.
    """
    counts: list[int] = []
    end = 0
    for begin, stop in _runs(rings, height):
        if counts and begin == end:  # It goes on at the top of the next column.
            counts[-1] += stop - begin
        else:
            counts += [begin - end, stop - begin]
        end = stop
    if end < height * width:
        counts.append(height * width - end)
    return counts


def packed(counts: list[int]) -> str:
    """Return the counts as COCO's mask API writes them."""
    written = []
    for place, count in enumerate(counts):
        rest = count - counts[place - 2] if place > 2 else count  # noqa: PLR2004 - as COCO has it
        more = True
        while more:
            group = rest & (_MORE - 1)
            rest >>= _BITS
            more = rest != (-1 if group & _SIGN else 0)
            written.append(chr((group | _MORE if more else group) + _FIRST_CHARACTER))
    return "".join(written)


def _runs(rings: Iterable[FlatRing], height: int) -> Iterator[tuple[int, int]]:
    """Yield where each run of the object begins and ends, in pixels down the columns."""
    crossings: dict[int, list[int]] = defaultdict(list)
    for ring in rings:
        for x, y, next_x in _horizontal_edges(ring):
            for column in range(min(x, next_x), max(x, next_x)):
                crossings[column].append(y)
    for column in sorted(crossings):
        rows = sorted(crossings[column])
        for top, bottom in zip(rows[::2], rows[1::2], strict=True):
            yield column * height + top, column * height + bottom


def _horizontal_edges(ring: FlatRing) -> Iterator[tuple[int, int, int]]:
    points = corners(ring)
    for (x, y), (next_x, next_y) in pairwise([*points, points[0]]):
        if y == next_y:
            yield x, y, next_x
