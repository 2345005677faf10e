"""Mean, least and greatest pixel value of each object and channel."""

import numpy as np

from shared.measuring.runs import Numbers, Runs, per_object


def intensities(runs: Runs, image: Numbers) -> dict[str, Numbers]:
    """Return `intensityMean`, `intensityMin` and `intensityMax` of `image[y, x, c]`.

    Several channels are told apart by number, from 0: `intensityMean:0`.
    """
    channels = image.shape[2]
    if channels == 1:
        return _of_channel(runs, image[:, :, 0], "")
    table: dict[str, Numbers] = {}
    for channel in range(channels):
        table |= _of_channel(runs, image[:, :, channel], f":{channel}")
    return table


def _of_channel(runs: Runs, plane: Numbers, suffix: str) -> dict[str, Numbers]:
    pixels = _pixels(runs, plane)
    length = runs.stop - runs.start
    first = np.cumsum(length) - length
    first = first[runs.first]
    area = per_object(length, runs)
    if runs.count == 0:
        mean = low = high = np.zeros(0)
    else:
        mean = np.add.reduceat(pixels, first, dtype=np.float64) / area
        low = np.minimum.reduceat(pixels, first)
        high = np.maximum.reduceat(pixels, first)
    return {
        f"intensityMean{suffix}": mean,
        f"intensityMin{suffix}": low,
        f"intensityMax{suffix}": high,
    }


def _pixels(runs: Runs, plane: Numbers) -> Numbers:
    """Return the values inside the objects, object after object."""
    length = runs.stop - runs.start
    begin = np.cumsum(length) - length
    jump = runs.row * plane.shape[1] + runs.start - begin
    place = np.repeat(jump, length) + np.arange(length.sum())
    return np.asarray(plane.reshape(-1)[place])
