"""Pictures drawn for tests, with outlines that are known exactly."""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

BACKGROUND = 12
FOREGROUND = 220


def disks(count: int = 3, *, radius: int = 12, seed: int = 0) -> NDArray[np.uint8]:
    """Return a picture with *count* bright disks in a row; *seed* makes its content its own."""
    step = 3 * radius
    height, width = 2 * step, step * (count + 1)
    y, x = np.mgrid[:height, :width]
    picture = np.full((height, width), BACKGROUND, np.uint8)
    for place in range(1, count + 1):
        picture[(x - place * step) ** 2 + (y - step) ** 2 <= radius**2] = FOREGROUND
    # One corner pixel: invisible, and enough for another SHA-256.
    picture[0, :4] = [BACKGROUND + (seed >> shift) % 16 for shift in (0, 4, 8, 12)]
    return picture


def encoded(picture: NDArray[np.uint8], kind: str = "PNG") -> bytes:
    """Return the picture as a file."""
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, kind)
    return buffer.getvalue()
