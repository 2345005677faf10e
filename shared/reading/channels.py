"""Which channels of an image an engine is shown."""

from typing import Any

from numpy.typing import NDArray

from shared.domain.errors import RejectedFileError
from shared.domain.images import RejectionCode


def chosen_channels(pixels: NDArray[Any], channels: list[int] | None) -> NDArray[Any]:
    """Return those *channels*, counted from 1, of `pixels[y, x, c]`; None is all.

    An image of one channel leaves no choice. One that lacks a chosen channel is refused.
    """
    there = pixels.shape[2]
    if channels is None or there == 1:
        return pixels
    if missing := [number for number in channels if number > there]:
        raise RejectedFileError(
            f"The project says to segment channel {missing[0]}, and this image has {there}. "
            "Choose other channels for the project, or move the image to one of its own.",
            code=RejectionCode.UNSUPPORTED_FORMAT,
        )
    return pixels[:, :, [number - 1 for number in channels]]
