"""One grey plane of any picture, and its contrast."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from shared.domain.errors import InvalidInputError

Plane: TypeAlias = NDArray[np.float32]

_LOW, _QUARTER, _HIGH = 1, 25, 99.8
#: As many pixels an object has at least: its light must not hide behind a percentile.
_SMALLEST_OBJECT = 30
#: The bright half of noise reaches at most 3 times as far as its dark quarter, nuclei
#: in annotated micrographs 14 times or more.
_LEAST_CONTRAST = 5.0
#: How coarse a picture is: of noise at most 1, of cells in phase contrast 2.2 or more.
_LEAST_COARSENESS = 1.5
_SAMPLE = 1_000_000


def grey_plane(image: NDArray[Any], channel: int = 0) -> Plane:
    """Return channel number *channel* of `image[y, x, c]`; 0 is the mean of all.

    What is no number (gaps in pictures of floats) becomes the least value.
    """
    if channel > image.shape[2]:
        raise InvalidInputError(
            f"Parameter channel: {channel} was asked for and the image has {image.shape[2]}.",
            code="invalid_params",
        )
    chosen = image if channel == 0 else image[:, :, [channel - 1]]
    plane: Plane = chosen.mean(axis=2, dtype=np.float32)
    finite = np.isfinite(plane)
    if not finite.all():
        plane = np.where(finite, plane, plane[finite].min() if finite.any() else np.float32(0))
    return plane


def is_dark_on_bright(plane: Plane) -> bool:
    """Tell whether the background, which most pixels are, is the brighter part."""
    smooth = gaussian_filter(plane, 1)
    middle = float(np.median(_some(smooth)))
    return middle + _bright_end(-smooth) > _bright_end(smooth) - middle


def is_noise(plane: Plane) -> bool:
    """Tell whether *plane* (objects bright) has nothing that stands out of its noise."""
    fine = gaussian_filter(plane, 1)
    low, quarter = np.percentile(_some(fine), (_LOW, _QUARTER))
    if _bright_end(fine) > quarter + _LEAST_CONTRAST * (quarter - low):
        return False
    grain = float((plane - fine).std())
    coarse = float((gaussian_filter(plane, 2) - gaussian_filter(plane, 8)).std())
    return coarse <= _LEAST_COARSENESS * grain


def stretched(plane: Plane) -> Plane:
    """Return *plane* so that background is near 0 and objects are near 1."""
    low, quarter, high = np.percentile(_some(plane), (_LOW, _QUARTER, _HIGH))
    if high <= quarter + _LEAST_CONTRAST * (quarter - low):
        high = _bright_end(plane)
    if not high > low:
        return np.zeros_like(plane)
    shown: Plane = ((plane - low) / (high - low)).clip(0, None).astype(np.float32)
    return shown


def _some(plane: Plane) -> Plane:
    """Return every n-th pixel of a large plane: they tell its percentiles as well."""
    return plane.reshape(-1)[:: max(1, plane.size // _SAMPLE)]


def _bright_end(plane: Plane) -> float:
    rank = max(0, plane.size - _SMALLEST_OBJECT)
    return float(np.partition(plane, rank, axis=None)[rank])
