"""How the axes of a TIFF become `[y, x, c]`."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.domain.errors import RejectedFileError
from shared.domain.images import RejectionCode

_CHANNELS = "CS"  #: Channels, and the samples of a colour.
_PROJECTED = "Z"
_KNOWN = frozenset("YX" + _CHANNELS + _PROJECTED)


def check_axes(axes: str, shape: tuple[int, ...], name: str) -> None:
    """Refuse a file of several pictures: channels and focal planes are one."""
    sizes = {
        axis: size
        for axis, size in zip(axes, shape, strict=True)
        if axis not in _KNOWN and size > 1
    }
    if "Y" not in axes or "X" not in axes:
        raise several_pictures(name, "no rows and columns")
    if sizes:
        count = int(np.prod(list(sizes.values())))
        raise several_pictures(name, f"{count} pages")


def several_pictures(name: str, what: str) -> RejectedFileError:
    """Return the refusal of a TIFF that is not one picture."""
    return RejectedFileError(
        f"{name} holds {what}; multi-page TIFF files are not supported. "
        "Save each page as a file of its own and upload those.",
        code=RejectionCode.UNSUPPORTED_FORMAT,
    )


def arranged(pixels: NDArray[Any], axes: str) -> NDArray[Any]:
    """Return *pixels* as `[y, x, c]`: planes by their maximum, other axes dropped.

    Each other axis has one entry (`check_axes`).
    """
    for place in reversed(range(len(axes))):
        if axes[place] == _PROJECTED:
            pixels = pixels.max(axis=place)
        elif axes[place] not in _KNOWN:
            pixels = pixels.take(0, axis=place)
    left = [axis for axis in axes if axis in _KNOWN and axis != _PROJECTED]
    channels = [place for place, axis in enumerate(left) if axis in _CHANNELS]
    order = [left.index("Y"), left.index("X"), *channels]
    pixels = pixels.transpose(order)
    return pixels.reshape(*pixels.shape[:2], -1)


def size_of(axes: str, shape: tuple[int, ...], which: str) -> int:
    """Return the product of the sizes of the axes in *which*."""
    sizes = [size for axis, size in zip(axes, shape, strict=True) if axis in which]
    return int(np.prod(sizes, dtype=np.int64))
