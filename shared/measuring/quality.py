"""What of an image makes its result doubtful, measured without knowing the truth."""

from collections.abc import Iterator
from itertools import product

import numpy as np
from scipy.ndimage import gaussian_filter, laplace

from shared.measuring.runs import Numbers

#: Side of the squares in which focus is measured, and how many of them at most.
_SIDE = 256
_SQUARES = 64
#: Pixels; takes the noise of the camera out, which is as sharp in a blurred image.
_SMOOTHING = 2.0


def saturated_share(image: Numbers) -> float:
    """Return the share of pixels of `image[y, x, c]` at the highest value that occurs.

    Of the channel where it is largest; 0 of a channel of one value. A camera of 12 bits
    saturates at 4095 and a stretched copy at 255: wherever it is, values pile up there
    (PercentMaximal of CellProfiler's MeasureImageQuality).
    """
    return max(_saturated(image[:, :, channel]) for channel in range(image.shape[2]))


def _saturated(plane: Numbers) -> float:
    values = plane[np.isfinite(plane)] if plane.dtype.kind == "f" else plane
    if values.size == 0:
        return 0.0
    highest = values.max()
    return 0.0 if highest == values.min() else np.count_nonzero(values == highest) / plane.size


def focus(image: Numbers) -> float | None:
    """Return the variance of the Laplacian of the smoothed image over its own variance.

    Larger is sharper; contrast, brightness and bit depth do not matter. None where all
    pixels are the same. It is summed over squares spread over the image, so that a large
    image costs no more than one of four megapixels; a square with a pixel that is no number
    is left out. (Pertuz, Puig and Garcia 2013, LAPV, normalised.)
    """
    edges = contrast = 0.0
    for square in _squares(image):
        if not np.isfinite(square).all():
            continue
        smooth = gaussian_filter(square, _SMOOTHING)
        edges += float(laplace(smooth).var())
        contrast += float(smooth.var())
    return edges / contrast if contrast > 0 else None


def _squares(image: Numbers) -> Iterator[Numbers]:
    """Yield squares of the mean over the channels, all of them or evenly spread."""
    rows, columns = (range(0, length, _SIDE) for length in image.shape[:2])
    corners = list(product(rows, columns))
    step = -(-len(corners) // _SQUARES)
    for y, x in corners[::step]:
        yield image[y : y + _SIDE, x : x + _SIDE].mean(axis=2, dtype=np.float64)
