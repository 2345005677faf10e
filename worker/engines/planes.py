"""Channels of an image as networks take them: chosen, and each on a scale of 0 to 1."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from worker.engines.grey import grey_plane

#: What becomes 0 and what 1, of each channel.
Levels: TypeAlias = list[tuple[float, float]]

_SAMPLE = 4_000_000
_LEAST_RANGE = 1e-6

CHANNEL: dict[str, Any] = {
    "title": "Channel",
    "description": "The channel with the objects, counted from 1; 0 is all that the model takes.",
    "type": "integer",
    "minimum": 0,
    "maximum": 64,
    "default": 0,
}


def chosen_planes(image: NDArray[Any], channel: int, most: int) -> NDArray[np.float32]:
    """Return `float32[y, x, c]`: channel number *channel*, or the first *most* for 0.

    Where the image has less than *most*, all it has is returned.
    """
    if channel:
        return grey_plane(image, channel)[:, :, np.newaxis]
    numbers = range(1, min(most, image.shape[2]) + 1)
    return np.stack([grey_plane(image, number) for number in numbers], axis=2)


def levels_of(planes: NDArray[np.float32], low: float, high: float) -> Levels:
    """Return the percentiles *low* and *high* of each channel, of a sample where it is large."""
    step = max(1, round((planes.shape[0] * planes.shape[1] / _SAMPLE) ** 0.5))
    some = planes[::step, ::step]
    found = np.percentile(some, (low, high), axis=(0, 1))
    return [(float(least), float(most)) for least, most in found.T]


def scaled(planes: NDArray[np.float32], levels: Levels) -> NDArray[np.float32]:
    """Return the planes with the lower level at 0 and the upper at 1, not cut off."""
    lows, highs = np.array(levels, np.float32).T
    return np.asarray((planes - lows) / np.maximum(highs - lows, _LEAST_RANGE), np.float32)
