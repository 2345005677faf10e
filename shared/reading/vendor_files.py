"""ND2, CZI and LIF, read by the readers of bioio where they are installed.

Each is an extra of its own (`pip install 'celltally[czi]'`), imported with the first such file:
they bring much, and one is under the GPL (docs/reading.md).
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import reduce
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from shared.domain.errors import RejectedFileError
from shared.domain.images import RejectionCode
from shared.reading.facts import ImageFacts
from shared.reading.formats import TITLES, ImageFormat
from shared.reading.pixel_sizes import square_pixel
from shared.reading.refusals import check_page, check_pixels, unreadable

_KNOWN = frozenset("TCZYXS")

#: Makes the reader of a file: a class `Reader` of bioio's plug-ins.
MakeReader = Callable[[str], Any]


class VendorImage:
    """One image of an opened file: number *page* of all moments of all its scenes."""

    def __init__(  # noqa: PLR0913 - as the other kinds, and how it is read
        self,
        path: Path,
        kind: ImageFormat,
        name: str,
        *,
        max_pixels: int | None,
        page: int,
        make_reader: MakeReader,
    ) -> None:
        self._name = name
        self._reader = make_reader(str(path))
        self._pages = self._count()
        check_page(name, page, self._pages)
        self._moment = self._go_to(page)
        self._sizes = self._sizes_here()
        self._check_axes()
        check_pixels(name, self._size("Y") * self._size("X") * self._size("Z"), max_pixels)
        sizes = self._reader.physical_pixel_sizes
        self.facts = ImageFacts(
            format=kind,
            width=self._size("X"),
            height=self._size("Y"),
            channels=self._size("C") * self._size("S"),
            bit_depth=np.dtype(self._reader.dtype).itemsize * 8,
            pixel_size_um=square_pixel(sizes.X, sizes.Y),
            pages=self._pages,
        )

    def read(self) -> NDArray[Any]:
        """Return the pixels `[y, x, c]`: focal planes by their maximum, one plane at a time."""
        channels = [
            reduce(np.maximum, (self._plane(channel, depth) for depth in range(self._size("Z"))))
            for channel in range(self._size("C"))
        ]
        pixels = np.concatenate(channels, axis=2)
        if pixels.dtype.kind not in "buif":
            raise unreadable(self._name, f"it holds {pixels.dtype} numbers")
        return pixels

    def _check_axes(self) -> None:
        """Refuse what would be read in part: the reader takes the first of any other axis."""
        if others := [axis for axis in self._sizes if axis not in _KNOWN and self._size(axis) > 1]:
            raise RejectedFileError(
                f"{self._name} has several entries along {', '.join(others)} (as a mosaic has "
                "tiles). Stitch it in your microscope's program and upload that copy.",
                code=RejectionCode.UNSUPPORTED_FORMAT,
            )

    def _count(self) -> int:
        pages = 0
        for scene in range(len(self._reader.scenes)):
            self._reader.set_scene(scene)
            pages += self._sizes_here().get("T", 1)
        return pages

    def _go_to(self, page: int) -> int:
        """Turn to the scene that image number *page* is in; return which moment of it that is."""
        for scene in range(len(self._reader.scenes)):
            self._reader.set_scene(scene)
            moments = self._sizes_here().get("T", 1)
            if page < moments:
                return page
            page -= moments
        raise AssertionError("unreachable: the page was checked")

    def _sizes_here(self) -> dict[str, int]:
        dims = self._reader.dims
        return dict(zip(dims.order, dims.shape, strict=True))

    def _size(self, axis: str) -> int:
        return self._sizes.get(axis, 1)

    def _plane(self, channel: int, depth: int) -> NDArray[Any]:
        wanted = {"T": self._moment, "C": channel, "Z": depth}
        chosen = {axis: at for axis, at in wanted.items() if axis in self._sizes}
        order = "YXS" if "S" in self._sizes else "YX"
        # Lazily and in this thread: else the whole scene would be read, by many threads.
        lazy = self._reader.get_image_dask_data(order, **chosen)
        plane = np.asarray(lazy.compute(scheduler="synchronous"))
        return plane if plane.ndim > len("YX") else plane[:, :, np.newaxis]


def reader_of(kind: ImageFormat, name: str) -> MakeReader:
    """Return what reads files of this kind; refuse them with a remedy where nothing does."""
    try:
        reader: MakeReader = import_module(f"bioio_{kind}").Reader
    except ImportError as missing:
        raise RejectedFileError(
            f"{name} is a file of {TITLES[kind]}, and this server has no reader for it. Save it as "
            f"OME-TIFF and upload that copy, or have your administrator install "
            f"celltally[{kind}] (pip install 'celltally[{kind}]').",
            code=RejectionCode.UNSUPPORTED_FORMAT,
        ) from missing
    return reader


@contextmanager
def as_file(source: Path | BinaryIO, kind: ImageFormat) -> Iterator[Path]:
    """Give the path of a file with the content: these readers take nothing else."""
    if isinstance(source, Path) and source.suffix == f".{kind}":
        yield source
        return
    with tempfile.TemporaryDirectory(prefix="celltally-read-") as folder:
        path = Path(folder) / f"image.{kind}"
        if isinstance(source, Path):
            path.symlink_to(source.absolute())
        else:
            with path.open("wb") as copy:
                while piece := source.read(1 << 20):
                    copy.write(piece)
        yield path
