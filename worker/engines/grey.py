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
_MOSAIC_PARTS, _MOSAIC_SIDE = 4, 512


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


def levels_of(plane: Plane) -> tuple[float, float]:
    """Return the values of *plane* that background and bright objects have."""
    low, quarter, high = np.percentile(_some(plane), (_LOW, _QUARTER, _HIGH))
    if high <= quarter + _LEAST_CONTRAST * (quarter - low):
        high = _bright_end(plane)
    return float(low), float(high)


def stretched(plane: Plane, levels: tuple[float, float]) -> Plane:
    """Return *plane* with the lower level at 0 and the upper at 1; nothing is below 0."""
    low, high = levels
    if not high > low:
        return np.zeros_like(plane)
    shown = plane - np.float32(low)
    shown /= np.float32(high - low)
    np.maximum(shown, 0, out=shown)
    return shown


def mosaic(image: NDArray[Any]) -> NDArray[Any]:
    """Return parts of a large `image[y, x, c]` side by side: its light is that of the whole."""
    rows, columns = (_parts_of(length) for length in image.shape[:2])
    return np.concatenate([np.concatenate([image[r, c] for c in columns], axis=1) for r in rows])


def _parts_of(length: int) -> list[slice]:
    """Return slices evenly along one side, or all of it where it is short."""
    if length <= _MOSAIC_PARTS * _MOSAIC_SIDE:
        return [slice(None)]
    step = (length - _MOSAIC_SIDE) / (_MOSAIC_PARTS - 1)
    begins = [round(place * step) for place in range(_MOSAIC_PARTS)]
    return [slice(begin, begin + _MOSAIC_SIDE) for begin in begins]


def _some(plane: Plane) -> Plane:
    """Return every n-th pixel of a large plane: they tell its percentiles as well."""
    return plane.reshape(-1)[:: max(1, plane.size // _SAMPLE)]


def _bright_end(plane: Plane) -> float:
    rank = max(0, plane.size - _SMALLEST_OBJECT)
    return float(np.partition(plane, rank, axis=None)[rank])
