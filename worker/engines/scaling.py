"""Large planes made small and small ones large, a band of rows at a time to spare memory."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from worker.engines.grey import Plane, grey_plane

_BAND = 1024
#: Beyond this side an image is thinned out before it becomes floats.
_LARGE = 4096


def grey_of_side(image: NDArray[Any], side: int) -> Plane:
    """Return the mean of the channels of `image[y, x, c]`, its longer side *side* at most."""
    longest = max(image.shape[:2])
    step = longest // (_LARGE // 2) if longest > _LARGE else 1
    plane = grey_plane(image) if step == 1 else _blocks(image, step)
    share = min(1.0, side / longest)
    height, width = (max(1, round(length * share)) for length in image.shape[:2])
    return resized(plane, (height, width))


def resized(plane: Plane, shape: tuple[int, int]) -> Plane:
    """Return *plane* made smaller, each pixel the mean of what it covers."""
    picture = Image.fromarray(plane).resize(shape[::-1], Image.Resampling.BOX)
    return np.asarray(picture, np.float32)


def bands(shape: tuple[int, int]) -> Iterator[slice]:
    """Yield the rows of a large plane, some at a time."""
    for top in range(0, shape[0], _BAND):
        yield slice(top, min(top + _BAND, shape[0]))


class Enlarged:
    """A small plane as a large one of *shape*, interpolated linearly where it is asked for."""

    def __init__(self, plane: Plane, shape: tuple[int, int]) -> None:
        self._small = Image.fromarray(plane)
        self._shape = shape

    def rows(self, band: slice) -> Plane:
        """Return some rows of it."""
        height, width = self._shape
        top, bottom = (row * self._small.height / height for row in (band.start, band.stop))
        large = self._small.resize(
            (width, band.stop - band.start),
            Image.Resampling.BILINEAR,
            box=(0, top, self._small.width, bottom),
        )
        return np.asarray(large, np.float32)


def _blocks(image: NDArray[Any], step: int) -> Plane:
    """Return the mean of each block of *step* pixels a side; what is left at the ends goes."""
    height, width = (length // step for length in image.shape[:2])
    small = np.empty((height, width), np.float32)
    rows = max(1, _BAND // step)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        band = grey_plane(image[top * step : bottom * step, : width * step])
        small[top:bottom] = band.reshape(bottom - top, step, width, step).mean(axis=(1, 3))
    return small
