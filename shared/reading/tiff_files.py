"""TIFF, OME-TIFF and ImageJ's TIFF, read with tifffile."""

from functools import reduce
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from tifffile import EXTRASAMPLE, PHOTOMETRIC, TiffFile, TiffPageSeries

from shared.domain.errors import RejectedFileError
from shared.domain.images import RejectionCode
from shared.reading.facts import ImageFacts
from shared.reading.formats import ImageFormat
from shared.reading.pixel_sizes import pixel_size_of
from shared.reading.refusals import check_page, check_pixels, unreadable
from shared.reading.tiff_axes import Layout, layout_of
from shared.reading.tiff_directories import is_whole

_COLOURS = 3
_ALPHA = frozenset({EXTRASAMPLE.ASSOCALPHA, EXTRASAMPLE.UNASSALPHA})


class TiffImage:
    """One image of an opened TIFF: number *page* of all its images, series after series."""

    def __init__(self, stream: BinaryIO, name: str, max_pixels: int | None, page: int = 0) -> None:
        if not is_whole(stream):
            raise unreadable(name)
        stream.seek(0)
        # An OME-TIFF may name other files for its planes; an upload reads no file but
        # its own.
        self._tiff = TiffFile(stream, _multifile=False)
        self._name = name
        layouts = [(series, self._layout(series)) for series in self._pictures()]
        self._pages = sum(layout.frames for _, layout in layouts)
        check_page(name, page, self._pages)
        self._series, self._layout_read, self._frame = _located(layouts, page)
        check_pixels(name, self._layout_read.size("YXZ"), max_pixels)
        self._check_complete()
        self.facts = self._describe()

    def read(self) -> NDArray[Any]:
        """Return the pixels `[y, x, c]`: focal planes by their maximum, no alpha.

        One plane after the other, so that a stack needs no more memory than its projection.
        """
        projected = [
            reduce(np.maximum, (self._plane(number) for number in numbers))
            for numbers in self._layout_read.planes(self._frame)
        ]
        pixels = projected[0] if len(projected) == 1 else np.concatenate(projected, axis=2)
        if pixels.dtype == bool:
            pixels = pixels.astype(np.uint8) * 255
        return pixels[:, :, : self.facts.channels]

    def _pictures(self) -> list[TiffPageSeries]:
        pictures = [s for s in self._tiff.series if not s.keyframe.is_reduced]
        if not pictures:
            raise unreadable(self._name, "it holds no picture")
        for picture in pictures:
            self._check_kind(picture)
        return pictures

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

    def _layout(self, series: TiffPageSeries) -> Layout:
        axes, shape = str(series.axes), tuple(series.shape)
        page = series.keyframe
        fits = axes.endswith(page.axes) and shape[len(shape) - len(page.shape) :] == page.shape
        # Else the file says of itself what its pages do not: then it is read as a whole.
        page_axes = str(page.axes) if fits and series.transform is None else axes
        return layout_of(axes, shape, page_axes, self._name)

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
        return ImageFacts(
            format=ImageFormat.TIFF,
            width=self._layout_read.size("X"),
            height=self._layout_read.size("Y"),
            channels=self._channels(),
            bit_depth=16 if self._has_palette else self._series.dtype.itemsize * 8,
            pixel_size_um=pixel_size_of(self._tiff, self._series),
            pages=self._pages,
        )

    def _channels(self) -> int:
        if self._has_palette:
            return _COLOURS
        samples = self._layout_read.size("S")
        alpha = sum(extra in _ALPHA for extra in self._series.keyframe.extrasamples)
        return max(samples - alpha, 1) * self._layout_read.size("C")

    @property
    def _has_palette(self) -> bool:
        """Whether numbers stand for colours; ImageJ's stand for light, however it shows them."""
        page = self._series.keyframe
        coloured = page.photometric == PHOTOMETRIC.PALETTE and page.colormap is not None
        return coloured and not self._tiff.is_imagej

    def _plane(self, number: int) -> NDArray[Any]:
        layout = self._layout_read
        pixels = self._coloured(self._page(number))
        if self._has_palette:
            layout = Layout(f"S{layout.axes}", (_COLOURS, *layout.shape), f"S{layout.page_axes}")
        return layout.arranged(pixels, self._frame)

    def _page(self, number: int) -> NDArray[Any]:
        series, page = self._series, self._series.keyframe
        # One thread: each would take address space from the limit of the child.
        if self._layout_read.page_axes != page.axes or series.transform is not None:
            return np.asarray(series.asarray(maxworkers=1))
        if series.is_truncated and series.dataoffset is not None:
            # ImageJ writes large stacks as one page, the others right behind it.
            kind = series.dtype.newbyteorder(self._tiff.byteorder)
            start = series.dataoffset + number * page.size * kind.itemsize
            stored = self._tiff.filehandle.read_array(kind, page.size, start)
            return np.asarray(stored, series.dtype).reshape(page.shape)
        found = series[number]
        if found is None:
            raise unreadable(self._name)
        return np.asarray(found.asarray(maxworkers=1))

    def _coloured(self, pixels: NDArray[Any]) -> NDArray[Any]:
        page = self._series.keyframe
        if self._has_palette:
            return np.asarray(page.colormap)[:, pixels]
        if page.photometric == PHOTOMETRIC.MINISWHITE and pixels.dtype.kind in "bu":
            white = (1 << page.bitspersample) - 1
            return (white - pixels).astype(pixels.dtype)
        return pixels


def _located(
    layouts: list[tuple[TiffPageSeries, Layout]], page: int
) -> tuple[TiffPageSeries, Layout, int]:
    """Return the series that image number *page* is in, and which of its images that is."""
    before = 0
    for series, layout in layouts:
        if page < before + layout.frames:
            return series, layout, page - before
        before += layout.frames
    raise AssertionError("unreachable: the page was checked")
