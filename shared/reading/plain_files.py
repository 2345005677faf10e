"""PNG, JPEG and BMP, read with Pillow."""

from typing import Any, BinaryIO

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.reading.facts import ImageFacts
from shared.reading.formats import ImageFormat
from shared.reading.refusals import check_pixels

# Our own limit is checked on the header (check_pixels); Pillow's would only warn.
Image.MAX_IMAGE_PIXELS = None

_ORIENTATION = 0x0112
_SIDEWAYS = frozenset({5, 6, 7, 8})  #: Orientations that swap width and height.
#: Orientations that begin by a reflection, and then by how many quarters to the left each turns.
_REFLECTED = frozenset({2, 4, 5, 7})
_QUARTERS = {3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}
_DEEP = 16
_GREY_MODES = frozenset({"L", "LA", "1", "I", "F", "I;16", "I;16B", "I;16L"})
_ALPHA_MODES = {"LA": "L", "RGBA": "RGB", "RGBX": "RGB"}
#: Types of PNG whose pixels have several samples: RGB, grey with alpha, RGBA.
_SAMPLED = frozenset({2, 4, 6})
_GREY_WITH_ALPHA = 4


class PlainFile:
    """One opened file of a format that holds one picture."""

    def __init__(
        self, stream: BinaryIO, kind: ImageFormat, name: str, max_pixels: int | None
    ) -> None:
        self._stream = stream
        self._kind = kind
        with Image.open(stream, formats=[kind.upper()]) as image:
            check_pixels(name, image.width * image.height, max_pixels)
            self._deep = self._sixteen_bit_samples()
            self.facts = self._describe(image)

    def read(self) -> NDArray[Any]:
        """Return the pixels `[y, x, c]`, upright, without alpha."""
        if self._kind is ImageFormat.PNG:
            # Pillow passes over the checksums unless asked.
            self._open().verify()
        pixels = self._read_deep() if self._deep else self._read_plain()
        upright = turned(pixels, self._orientation)
        return upright if upright.ndim == 3 else upright[:, :, np.newaxis]  # noqa: PLR2004

    def _open(self) -> Image.Image:
        self._stream.seek(0)
        return Image.open(self._stream, formats=[self._kind.upper()])

    def _sixteen_bit_samples(self) -> int | None:
        """Return the type of a PNG that Pillow would cut to 8 bits, else None."""
        if self._kind is not ImageFormat.PNG:
            return None
        self._stream.seek(24)
        depth, colour = self._stream.read(2)
        return colour if depth == _DEEP and colour in _SAMPLED else None

    def _describe(self, image: Image.Image) -> ImageFacts:
        width, height = image.size
        # As every browser shows it: outlines must lie on the same pixels.
        self._orientation = self._orientation_of(image)
        if self._orientation in _SIDEWAYS:
            width, height = height, width
        # Pillow calls a deep grey PNG with alpha RGBA.
        grey = image.mode in _GREY_MODES or self._deep == _GREY_WITH_ALPHA
        bits = {"I": 32, "F": 32}.get(image.mode, 16 if "16" in image.mode else 8)
        return ImageFacts(
            format=self._kind,
            width=width,
            height=height,
            channels=1 if grey else 3,
            bit_depth=_DEEP if self._deep else bits,
        )

    def _orientation_of(self, image: Image.Image) -> Any:
        """Return what EXIF says, be it sense or not; 1 is upright."""
        # Asked of a PNG without EXIF, Pillow would decode it all in search of some.
        told = self._kind is ImageFormat.JPEG or "exif" in image.info
        return image.getexif().get(_ORIENTATION, 1) if told else 1

    def _read_plain(self) -> NDArray[Any]:
        with self._open() as image:
            image.load()
            if image.mode not in _GREY_MODES and image.mode != "RGB":
                return np.asarray(image.convert("RGB"))
            if image.mode in {"1", "LA"}:
                return np.asarray(image.convert("L"))
            return np.asarray(image)

    def _read_deep(self) -> NDArray[Any]:
        self._stream.seek(0)
        samples: NDArray[Any] = imagecodecs.png_decode(self._stream.read())
        kept = 1 if self._deep == _GREY_WITH_ALPHA else 3
        return samples[:, :, :kept]


def turned(pixels: NDArray[Any], orientation: Any) -> NDArray[Any]:
    """Return `pixels[y, x, …]` as a viewer turns them; *orientation* is that of EXIF, 1 to 8.

    Any other is upright.
    """
    if orientation in _REFLECTED:
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(np.rot90(pixels, _QUARTERS.get(orientation, 0)))
