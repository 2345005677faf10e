"""Pixels as a screen shows them, and the small pictures of the gallery."""

from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

THUMBNAIL_SIZE = 300
THUMBNAIL_TYPE = "image/webp"  #: Of what `thumbnail` and `encoded` return.
_QUALITY = 80
#: Of 0 to 6: less than half the default's time, for pictures a few hundred bytes larger.
_EFFORT = 2
_PERCENTILES = (0.1, 99.9)
_COLOURS = 3
#: Every n-th pixel tells the contrast as well as all of them.
_SAMPLE = 1_000_000


def thumbnail(pixels: NDArray[Any], size: int = THUMBNAIL_SIZE) -> bytes:
    """Return `pixels[y, x, c]` as a WebP of at most *size* pixels a side."""
    return encoded(small_picture(pixels, size))


def small_picture(pixels: NDArray[Any], size: int = THUMBNAIL_SIZE) -> Image.Image:
    """Return a picture for the screen, at most *size* pixels a side, never enlarged."""
    height, width = pixels.shape[:2]
    # Large images are thinned out first, or 400 megapixels would be copied in float.
    step = max(1, min(height, width) // (2 * size))
    shown = displayable(pixels[::step, ::step])
    picture = Image.fromarray(shown if shown.shape[2] == _COLOURS else shown[:, :, 0])
    share = min(1.0, size / max(height, width))
    target = (max(1, round(width * share)), max(1, round(height * share)))
    return picture.resize(target, Image.Resampling.BOX if step > 1 else Image.Resampling.LANCZOS)


def encoded(picture: Image.Image) -> bytes:
    """Return *picture* as WebP."""
    buffer = BytesIO()
    picture.save(buffer, "WEBP", quality=_QUALITY, method=_EFFORT)
    return buffer.getvalue()


def displayable(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Return `uint8[y, x, 1 or 3]`: 8 bits as they are, more stretched by percentiles.

    One channel is grey and three are colours; of other numbers the brightest counts.
    """
    if pixels.shape[2] not in {1, _COLOURS}:
        channels = [_stretched(pixels[:, :, [c]]) for c in range(pixels.shape[2])]
        return np.asarray(np.max(np.stack(channels), axis=0))
    return np.asarray(pixels) if pixels.dtype == np.uint8 else _stretched(pixels)


def _stretched(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    sample = pixels.reshape(-1)[:: max(1, pixels.size // _SAMPLE)]
    finite = sample[np.isfinite(sample)]
    if finite.size == 0:
        return np.zeros(pixels.shape, np.uint8)
    low, high = np.percentile(finite, _PERCENTILES)
    scale = 255 / (high - low) if high > low else 0.0
    shown = (pixels.astype(np.float32) - np.float32(low)) * np.float32(scale)
    return np.asarray(np.nan_to_num(shown, posinf=255).clip(0, 255), np.uint8)
