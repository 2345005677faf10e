"""An image cut into tiles at halving sizes, so that a browser loads no more than it shows.

A pack is one file: where each tile begins and how many bytes it has, both as `uint64`, then the
tiles. What they are is told by its `Manifest`.
"""

import gzip
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from math import isqrt
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.reading.histograms import NOTHING, Histogram, histogram

TILE = 512  #: Pixels a side; the last of a row or column are smaller.
SPAN = struct.Struct("<QQ")  #: Where a tile begins in the pack, and its bytes.

_COLOURS = 3
_QUALITY = 90
_EFFORT = 2  #: Of 0 to 6.
_SQUEEZE = 3  #: Of 1 to 9: what noise leaves to win is little, and takes long.
_ROWS = 1024  #: Worked at together, so that no copy of a large image is made.
_SAMPLE = 1_000_000  #: Every n-th pixel tells the contrast as well as all of them.
_PERCENTILES = (0.1, 99.9)
_DEEPEST = np.iinfo(np.uint16).max


class Packing(StrEnum):
    """What the bytes of a tile are."""

    COLOUR = "colour"  #: A WebP of three channels of 8 bits.
    PLANES = "planes"  #: One channel: see `_packed`.


@dataclass(frozen=True, slots=True)
class Channel:
    """What the numbers of a channel mean: `offset + scale * stored`."""

    minimum: float
    maximum: float
    low: float  #: From here to `high` is what a screen shows at first.
    high: float
    offset: float = 0.0
    scale: float = 1.0
    histogram: Histogram = NOTHING  #: Of a sample of the pixels.


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the tiles of an image are."""

    width: int
    height: int
    packing: Packing
    bits: int  #: 8 or 16, of a stored number.
    channels: tuple[Channel, ...]

    @property
    def planes(self) -> int:
        """How many tiles lie at one place."""
        return 1 if self.packing is Packing.COLOUR else len(self.channels)

    @property
    def levels(self) -> list[tuple[int, int]]:
        """Width and height of each size, the whole one first and one that fits a tile last."""
        sizes = [(self.width, self.height)]
        while max(sizes[-1]) > TILE:
            width, height = sizes[-1]
            sizes.append(((width + 1) // 2, (height + 1) // 2))
        return sizes

    @property
    def count(self) -> int:
        """How many tiles there are."""
        return sum(_across(w) * _across(h) for w, h in self.levels) * self.planes

    def index_of(self, level: int, column: int, row: int, plane: int) -> int | None:
        """Return the number of a tile in the pack; None when there is no such tile."""
        if not (0 <= level < len(self.levels) and 0 <= plane < self.planes):
            return None
        before = sum(_across(w) * _across(h) for w, h in self.levels[:level])
        columns, rows = map(_across, self.levels[level])
        if not (0 <= column < columns and 0 <= row < rows):
            return None
        return (before + row * columns + column) * self.planes + plane


def manifest_of(told: dict[str, Any]) -> Manifest:
    """Return the manifest that was written as a dictionary."""

    def channel(each: dict[str, Any]) -> Channel:
        bars = each["histogram"]
        counts = tuple(bars["counts"])
        return Channel(**each | {"histogram": Histogram(**bars | {"counts": counts})})

    channels = tuple(map(channel, told["channels"]))
    return Manifest(**told | {"packing": Packing(told["packing"]), "channels": channels})


def write_tiles(pixels: NDArray[Any], file: BinaryIO) -> Manifest:
    """Write `pixels[y, x, c]` as a pack; one channel at a time is copied."""
    height, width, count = pixels.shape
    coloured = count == _COLOURS and pixels.dtype == np.uint8
    channels = tuple(_channel(pixels[:, :, c]) for c in range(count))
    manifest = Manifest(
        width,
        height,
        Packing.COLOUR if coloured else Packing.PLANES,
        8 if pixels.dtype in {np.dtype(np.uint8), np.dtype(np.bool_)} else 16,
        channels,
    )
    pack = _Pack(manifest, file)
    if coloured:
        pack.add(pixels, plane=0)
    else:
        for plane, channel in enumerate(channels):
            pack.add(_stored(pixels[:, :, plane], channel, manifest.bits), plane=plane)
    pack.finish()
    return manifest


class _Pack:
    """A pack that is being written; tiles come in the order of their making."""

    def __init__(self, manifest: Manifest, file: BinaryIO) -> None:
        self._manifest = manifest
        self._file = file
        self._spans: dict[int, tuple[int, int]] = {}
        self._at = manifest.count * SPAN.size
        file.seek(self._at)

    def add(self, pixels: NDArray[Any], *, plane: int) -> None:
        for level in range(len(self._manifest.levels)):
            for column, row, tile in _cut(pixels):
                content = _coloured(tile) if tile.ndim == _COLOURS else _packed(tile)
                number = self._manifest.index_of(level, column, row, plane)
                assert number is not None  # noqa: S101 - sizes halve as levels do.
                self._spans[number] = (self._at, len(content))
                self._at += self._file.write(content)
            pixels = _halved(pixels)

    def finish(self) -> None:
        self._file.seek(0)
        for number in range(self._manifest.count):
            self._file.write(SPAN.pack(*self._spans[number]))


def _across(pixels: int) -> int:
    return -(-pixels // TILE)


def _cut(pixels: NDArray[Any]) -> Iterator[tuple[int, int, NDArray[Any]]]:
    height, width = pixels.shape[:2]
    for row in range(_across(height)):
        for column in range(_across(width)):
            top, left = row * TILE, column * TILE
            yield column, row, pixels[top : top + TILE, left : left + TILE]


def _coloured(tile: NDArray[np.uint8]) -> bytes:
    buffer = BytesIO()
    picture = Image.fromarray(np.ascontiguousarray(tile))
    picture.save(buffer, "WEBP", quality=_QUALITY, method=_EFFORT)
    return buffer.getvalue()


def _packed(tile: NDArray[Any]) -> bytes:
    """Return each number less the one on its left, low bytes before high bytes, gzipped."""
    before = np.zeros_like(tile)
    before[:, 1:] = tile[:, :-1]
    steps = np.ascontiguousarray(tile - before)  # It wraps, and so does adding up again.
    halves = steps.view(np.uint8).reshape(-1, tile.dtype.itemsize).T
    return gzip.compress(halves.tobytes(), compresslevel=_SQUEEZE, mtime=0)


def _halved(pixels: NDArray[Any]) -> NDArray[Any]:
    """Return the mean of each square of four; a last row or column counts twice."""
    height, width = pixels.shape[:2]
    half = np.empty(((height + 1) // 2, (width + 1) // 2, *pixels.shape[2:]), pixels.dtype)
    for top in range(0, height, _ROWS):
        some = pixels[top : top + _ROWS].astype(np.uint32)
        if some.shape[0] % 2:
            some = np.concatenate([some, some[-1:]])
        if width % 2:
            some = np.concatenate([some, some[:, -1:]], axis=1)
        total = some[::2, ::2] + some[1::2, ::2] + some[::2, 1::2] + some[1::2, 1::2]
        half[top // 2 : top // 2 + len(total)] = (total + 2) // 4
    return half


def _channel(plane: NDArray[Any]) -> Channel:
    step = max(1, isqrt(plane.size // _SAMPLE))
    sample = plane[::step, ::step]
    finite = sample[np.isfinite(sample)]
    if finite.size == 0:
        return Channel(0.0, 0.0, 0.0, 0.0)
    low, high = map(float, np.percentile(finite, _PERCENTILES))
    least, most = _extremes(plane)
    bars = histogram(finite, least, most)
    if plane.dtype in {np.dtype(np.uint8), np.dtype(np.uint16), np.dtype(np.bool_)}:
        return Channel(least, most, low, high, histogram=bars)
    whole = plane.dtype.kind in "iu" and most - least <= _DEEPEST
    scale = 1.0 if whole else (most - least) / _DEEPEST
    return Channel(least, most, low, high, offset=least, scale=scale or 1.0, histogram=bars)


def _extremes(plane: NDArray[Any]) -> tuple[float, float]:
    least, most = np.inf, -np.inf
    for top in range(0, len(plane), _ROWS):
        rows = plane[top : top + _ROWS]
        finite = rows[np.isfinite(rows)]
        if finite.size:
            least, most = min(least, float(finite.min())), max(most, float(finite.max()))
    return least, most


def _stored(plane: NDArray[Any], channel: Channel, bits: int) -> NDArray[Any]:
    """Return the numbers that stand for those of the channel; a gap counts as its least."""
    if plane.dtype == np.bool_:
        return plane.astype(np.uint8)
    if plane.dtype in {np.dtype(np.uint8), np.dtype(np.uint16)}:
        return plane
    stored = np.empty(plane.shape, np.uint16)
    for top in range(0, len(plane), _ROWS):
        rows = plane[top : top + _ROWS].astype(np.float64)
        numbers = np.rint((rows - channel.offset) / channel.scale)
        numbers = np.nan_to_num(numbers, nan=0, posinf=_DEEPEST, neginf=0)
        stored[top : top + _ROWS] = numbers.clip(0, 2**bits - 1)
    return stored
