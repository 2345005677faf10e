"""TIFF and OME-TIFF, read with tifffile."""

from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from tifffile import EXTRASAMPLE, PHOTOMETRIC, TiffFile, TiffPageSeries

from shared.domain.errors import RejectedFileError
from shared.domain.images import RejectionCode
from shared.reading.facts import ImageFacts
from shared.reading.formats import ImageFormat
from shared.reading.pixel_sizes import pixel_size_of
from shared.reading.refusals import check_pixels, unreadable
from shared.reading.tiff_axes import arranged, check_axes, several_pictures, size_of
from shared.reading.tiff_directories import is_whole

_COLOURS = 3
_ALPHA = frozenset({EXTRASAMPLE.ASSOCALPHA, EXTRASAMPLE.UNASSALPHA})


class TiffImage:
    """One opened TIFF that holds one picture: channels and planes, no other pages."""

    def __init__(self, stream: BinaryIO, name: str, max_pixels: int | None) -> None:
        # An OME-TIFF may name other files for its planes; an upload reads no file but
        # its own.
        if not is_whole(stream):
            raise unreadable(name)
        stream.seek(0)
        self._tiff = TiffFile(stream, _multifile=False)
        self._name = name
        self._series = self._only_series()
        series = self._series
        self._axes = str(series.axes)
        check_axes(self._axes, series.shape, name)
        check_pixels(name, size_of(self._axes, series.shape, "YXZ"), max_pixels)
        self._check_complete()
        self.facts = self._describe()

    def read(self) -> NDArray[Any]:
        """Return the pixels `[y, x, c]`: focal planes by their maximum, no alpha."""
        # One thread: each would take address space from the limit of the child.
        pixels = np.asarray(self._series.asarray(maxworkers=1))
        pixels = arranged(self._coloured(pixels), self._axes_read())
        if pixels.dtype == bool:
            pixels = pixels.astype(np.uint8) * 255
        return pixels[:, :, : self.facts.channels]

    def _only_series(self) -> TiffPageSeries:
        pictures = [s for s in self._tiff.series if not s.keyframe.is_reduced]
        if not pictures:
            raise unreadable(self._name, "it holds no picture")
        if len(pictures) > 1:
            raise several_pictures(self._name, f"{len(pictures)} pictures")
        self._check_kind(pictures[0])
        return pictures[0]

    def _check_kind(self, picture: TiffPageSeries) -> None:
        kind = f"{picture.dtype} numbers" if picture.dtype.kind not in "buif" else None
        if picture.keyframe.photometric == PHOTOMETRIC.SEPARATED:
            kind = "printing colours (CMYK)"
        if kind is not None:
            raise RejectedFileError(
                f"{self._name} holds {kind}, which are not supported. "
                "Save it as grey or RGB with 8 or 16 bits a sample and upload that copy.",
                code=RejectionCode.UNSUPPORTED_FORMAT,
            )

    def _check_complete(self) -> None:
        """Refuse a file whose end is missing: tifffile would fill it with zeros."""
        size = self._tiff.filehandle.size
        series = self._series
        end = 0
        if series.dataoffset is not None:
            end = series.dataoffset + series.size * series.dtype.itemsize
        for page in series.pages:
            if page is None or len(page.dataoffsets) == 0:
                raise unreadable(self._name)
            pairs = zip(page.dataoffsets, page.databytecounts, strict=True)
            end = max([end, *(offset + count for offset, count in pairs)])
        if end > size:
            raise unreadable(self._name)

    def _describe(self) -> ImageFacts:
        series = self._series
        dtype = series.dtype
        return ImageFacts(
            format=ImageFormat.TIFF,
            width=size_of(self._axes, series.shape, "X"),
            height=size_of(self._axes, series.shape, "Y"),
            channels=self._channels(),
            bit_depth=16 if self._has_palette else dtype.itemsize * 8,
            pixel_size_um=pixel_size_of(self._tiff),
        )

    def _channels(self) -> int:
        if self._has_palette:
            return _COLOURS
        samples = size_of(self._axes, self._series.shape, "S")
        alpha = sum(extra in _ALPHA for extra in self._series.keyframe.extrasamples)
        return max(samples - alpha, 1) * size_of(self._axes, self._series.shape, "C")

    @property
    def _has_palette(self) -> bool:
        page = self._series.keyframe
        return page.photometric == PHOTOMETRIC.PALETTE and page.colormap is not None

    def _axes_read(self) -> str:
        return f"S{self._axes}" if self._has_palette else self._axes

    def _coloured(self, pixels: NDArray[Any]) -> NDArray[Any]:
        page = self._series.keyframe
        if self._has_palette:
            return np.asarray(page.colormap)[:, pixels]
        if page.photometric == PHOTOMETRIC.MINISWHITE and pixels.dtype.kind in "bu":
            white = (1 << page.bitspersample) - 1
            return (white - pixels).astype(pixels.dtype)
        return pixels
