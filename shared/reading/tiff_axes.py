"""Which planes of a TIFF series make which image, and how they become `[y, x, c]`.

Channels (C) and samples of a colour (S) are the channels of one image, focal planes (Z) are seen
from above, by their maximum; every other axis (time, position, plain pages) counts images.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.domain.errors import RejectedFileError
from shared.domain.images import RejectionCode

_CHANNELS = "CS"
_PROJECTED = "Z"
_ONE_IMAGE = frozenset("YX" + _CHANNELS + _PROJECTED)


@dataclass(frozen=True, slots=True)
class Layout:
    """The axes of a series; the last ones, `page_axes`, lie within one page of the file."""

    axes: str
    shape: tuple[int, ...]
    page_axes: str

    @property
    def frames(self) -> int:
        """How many images the series is."""
        return prod(self.shape[place] for place in self._counting)

    def size(self, which: str) -> int:
        """Return the product of the sizes of the axes in *which*."""
        sizes = zip(self.axes, self.shape, strict=True)
        return prod(size for axis, size in sizes if axis in which)

    def planes(self, frame: int) -> Iterator[list[int]]:
        """Return, channel after channel, the numbers of the pages that image *frame* is made of."""
        leading = self.shape[: self._leading]
        chosen = self._chosen(frame)
        ranges = [
            [chosen[place]] if place in chosen else range(size)
            for place, size in enumerate(leading)
        ]
        numbers = np.asarray(np.arange(prod(leading)).reshape(leading)[np.ix_(*ranges)])
        projected = [p for p in range(self._leading) if self.axes[p] == _PROJECTED]
        together = np.moveaxis(numbers, projected, range(-len(projected), 0))
        depth = prod(numbers.shape[place] for place in projected)
        yield from together.reshape(-1, depth).tolist()

    def arranged(self, page: NDArray[Any], frame: int) -> NDArray[Any]:
        """Return what of one page belongs to the image, as `[y, x, c]`."""
        axes, chosen = self.page_axes, self._chosen(frame)
        for place in reversed(range(len(axes))):
            if axes[place] == _PROJECTED:
                page = page.max(axis=place)
            elif axes[place] not in _ONE_IMAGE:
                page = page.take(chosen[self._leading + place], axis=place)
        left = [axis for axis in axes if axis in _ONE_IMAGE and axis != _PROJECTED]
        channels = [place for place, axis in enumerate(left) if axis in _CHANNELS]
        page = page.transpose([left.index("Y"), left.index("X"), *channels])
        return page.reshape(*page.shape[:2], -1)

    @property
    def _leading(self) -> int:
        return len(self.axes) - len(self.page_axes)

    @property
    def _counting(self) -> list[int]:
        return [place for place, axis in enumerate(self.axes) if axis not in _ONE_IMAGE]

    def _chosen(self, frame: int) -> dict[int, int]:
        """Return at which entry of each axis that counts images the image *frame* is."""
        sizes = tuple(self.shape[place] for place in self._counting)
        places = np.unravel_index(frame, sizes) if sizes else ()
        return {axis: int(at) for axis, at in zip(self._counting, places, strict=True)}


def layout_of(axes: str, shape: tuple[int, ...], page_axes: str, name: str) -> Layout:
    """Return how the series is laid out; refuse one without rows and columns."""
    if "Y" not in page_axes or "X" not in page_axes:
        raise RejectedFileError(
            f"{name} holds no rows and columns of pixels. "
            "Save the picture as a plain TIFF and upload that copy.",
            code=RejectionCode.UNSUPPORTED_FORMAT,
        )
    return Layout(axes, shape, page_axes)
