"""Pixels and facts of any image that we read."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from numpy.typing import NDArray

from shared.reading.facts import ImageFacts
from shared.reading.formats import HEAD_BYTES, TITLES, ImageFormat, recognise
from shared.reading.plain_files import PlainFile
from shared.reading.refusals import check_page, refusing_broken
from shared.reading.tiff_files import TiffImage
from shared.reading.vendor_files import VendorImage, as_file, reader_of

Source: TypeAlias = Path | bytes | BinaryIO
OpenedImage: TypeAlias = PlainFile | TiffImage | VendorImage


def read_pixels(source: Source, page: int = 0, *, name: str = "The image") -> NDArray[Any]:
    """Return the raw pixels `[y, x, c]` of *source*, or raise RejectedFileError.

    The array may be read-only.
    """
    with opened(source, name=name, page=page) as image:
        return image.read()


def describe(
    source: Source, *, name: str | None = None, max_pixels: int | None = None, page: int = 0
) -> ImageFacts:
    """Return what the header tells; whether the pixels are whole, reading them shows."""
    shown = name or (source.name if isinstance(source, Path) else "The image")
    with opened(source, name=shown, max_pixels=max_pixels, page=page) as image:
        return image.facts


@contextmanager
def opened(
    source: Source, *, name: str, max_pixels: int | None = None, page: int = 0
) -> Iterator[OpenedImage]:
    """Give one image of the file, of which only the header is read; every fault is a refusal."""
    with _stream(source) as stream, refusing_broken(name):
        head = stream.read(HEAD_BYTES)
        stream.seek(0)
        kind = recognise(head, name)
        if kind in TITLES:
            make_reader = reader_of(kind, name)
            with as_file(source if isinstance(source, Path) else stream, kind) as path:
                yield VendorImage(
                    path, kind, name, max_pixels=max_pixels, page=page, make_reader=make_reader
                )
        elif kind is ImageFormat.TIFF:
            yield TiffImage(stream, name, max_pixels, page)
        else:
            check_page(name, page, pages=1)
            yield PlainFile(stream, kind, name, max_pixels)


@contextmanager
def _stream(source: Source) -> Iterator[BinaryIO]:
    if isinstance(source, bytes):
        yield BytesIO(source)
    elif isinstance(source, Path):
        with source.open("rb") as file:
            yield file
    else:
        yield source
