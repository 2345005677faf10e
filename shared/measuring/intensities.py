"""Mean, extremes, spread and sum of the pixel values of each object and channel."""

import numpy as np

from shared.measuring.runs import Numbers, Runs, per_object


def intensities(runs: Runs, image: Numbers) -> dict[str, Numbers]:
    """Return `intensityMean`, `…Min`, `…Max`, `…Std` and `…Sum` of `image[y, x, c]`.

    The standard deviation divides by the number of pixels. Several channels are told
    apart by number, from 0: `intensityMean:0`.
    """
    channels = image.shape[2]
    if channels == 1:
        return _of_channel(runs, image[:, :, 0], "")
    table: dict[str, Numbers] = {}
    for channel in range(channels):
        table |= _of_channel(runs, image[:, :, channel], f":{channel}")
    return table


def _of_channel(runs: Runs, plane: Numbers, suffix: str) -> dict[str, Numbers]:
    names = [f"intensity{ending}{suffix}" for ending in ("Mean", "Min", "Max", "Std", "Sum")]
    if runs.count == 0:
        return {name: np.zeros(0) for name in names}
    pixels = _pixels(runs, plane)
    length = runs.stop - runs.start
    first = (np.cumsum(length) - length)[runs.first]
    area = per_object(length, runs)
    total = np.add.reduceat(pixels, first, dtype=np.float64)
    mean = total / area
    # Around the mean, in a second pass: the squares of 16-bit values would eat the digits.
    beyond = pixels - np.repeat(mean, area)
    columns = (
        mean,
        np.minimum.reduceat(pixels, first),
        np.maximum.reduceat(pixels, first),
        np.sqrt(np.add.reduceat(beyond * beyond, first) / area),
        total,
    )
    return dict(zip(names, columns, strict=True))


def _pixels(runs: Runs, plane: Numbers) -> Numbers:
    """Return the values inside the objects, object after object."""
    length = runs.stop - runs.start
    begin = np.cumsum(length) - length
    jump = runs.row * plane.shape[1] + runs.start - begin
    place = np.repeat(jump, length) + np.arange(length.sum())
    return np.asarray(plane.reshape(-1)[place])
