"""Pictures drawn for tests, with outlines that are known exactly."""

from io import BytesIO
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

BACKGROUND = 12
FOREGROUND = 220


def disks(count: int = 3, *, radius: int = 12, seed: int = 0) -> NDArray[np.uint8]:
    """Return a picture with *count* bright disks in a row; *seed* makes its content its own."""
    step = 3 * radius
    height, width = 2 * step, step * (count + 1)
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    inside = x**2 + y**2 <= radius**2
    picture = np.full((height, width), BACKGROUND, np.uint8)
    rows = picture[step - radius : step + radius + 1]
    for place in range(1, count + 1):
        rows[:, place * step - radius : place * step + radius + 1][inside] = FOREGROUND
    # One corner pixel: invisible, and enough for another SHA-256.
    picture[0, :4] = [BACKGROUND + (seed >> shift) % 16 for shift in (0, 4, 8, 12)]
    return picture


def encoded(picture: NDArray[np.uint8], kind: str = "PNG") -> bytes:
    """Return the picture as a file."""
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, kind)
    return buffer.getvalue()


def disk(radius: float, *, side: int) -> NDArray[np.uint32]:
    """Return labels with one disk in the middle: its area is about pi radius squared."""
    y, x = np.mgrid[:side, :side] - side // 2
    return (x**2 + y**2 <= radius**2).astype(np.uint32)


def rectangle(height: int, width: int) -> NDArray[np.uint32]:
    """Return labels with one upright rectangle, ten pixels from every border."""
    labels = np.zeros((height + 20, width + 20), np.uint32)
    labels[10 : 10 + height, 10 : 10 + width] = 1
    return labels


def annulus(outer: float, inner: float, *, side: int) -> NDArray[np.uint32]:
    """Return labels with one ring in the middle."""
    return disk(outer, side=side) - disk(inner, side=side)


def photographed(
    mask: NDArray[Any], *, background: float = 500, light: float = 6000, noise: float = 30
) -> NDArray[np.uint16]:
    """Return what a 16-bit camera would see of bright objects: `[y, x, 1]`, with noise."""
    random = np.random.default_rng(1)
    picture = background + light * (mask > 0) + noise * random.normal(size=mask.shape)
    return picture.clip(0, 65535).astype(np.uint16)[:, :, np.newaxis]


def tiff(picture: NDArray[Any], **options: Any) -> bytes:
    """Return the picture as a TIFF; *options* are those of tifffile.imwrite."""
    buffer = BytesIO()
    tifffile.imwrite(buffer, picture, **options)
    return buffer.getvalue()
