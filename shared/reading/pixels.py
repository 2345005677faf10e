"""Pixels and facts of any image that we read."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from numpy.typing import NDArray

from shared.reading.facts import ImageFacts
from shared.reading.formats import HEAD_BYTES, ImageFormat, recognise
from shared.reading.plain_files import PlainFile
from shared.reading.refusals import refusing_broken, unreadable
from shared.reading.tiff_files import TiffImage

Source: TypeAlias = Path | bytes | BinaryIO
OpenedImage: TypeAlias = PlainFile | TiffImage


def read_pixels(source: Source, page: int = 0, *, name: str = "The image") -> NDArray[Any]:
    """Return the raw pixels `[y, x, c]` of *source*, or raise RejectedFileError.

    The array may be read-only.
    """
    with opened(source, name=name) as image:
        if page != 0:
            raise unreadable(name, f"it has one page, and page {page + 1} was asked for")
        return image.read()


def describe(
    source: Source, *, name: str | None = None, max_pixels: int | None = None
) -> ImageFacts:
    """Return what the header tells; whether the pixels are whole, reading them shows."""
    shown = name or (source.name if isinstance(source, Path) else "The image")
    with opened(source, name=shown, max_pixels=max_pixels) as image:
        return image.facts


@contextmanager
def opened(source: Source, *, name: str, max_pixels: int | None = None) -> Iterator[OpenedImage]:
    """Give the image of which only the header is read; every fault is a refusal."""
    with _stream(source) as stream, refusing_broken(name):
        head = stream.read(HEAD_BYTES)
        stream.seek(0)
        kind = recognise(head, name)
        if kind is ImageFormat.TIFF:
            yield TiffImage(stream, name, max_pixels)
        else:
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
