import gzip
import json
from dataclasses import asdict
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from shared.reading.tiles import SPAN, TILE, Packing, manifest_of, write_tiles


def packed(pixels):
    """Return the manifest and a function that reads a tile back as numbers."""
    file = BytesIO()
    manifest = write_tiles(pixels, file)
    content = file.getvalue()

    def numbers(level, column, row, plane=0):
        begin, size = SPAN.unpack_from(
            content, manifest.index_of(level, column, row, plane) * SPAN.size
        )
        tile = content[begin : begin + size]
        width, height = (
            min(TILE, side - TILE * at)
            for side, at in zip(manifest.levels[level], (column, row), strict=True)
        )
        if manifest.packing is Packing.COLOUR:
            return np.asarray(Image.open(BytesIO(tile)))
        return unpacked(gzip.decompress(tile), manifest.bits, (height, width))

    return manifest, numbers


def unpacked(content, bits, shape):
    """Return what a browser makes of a tile."""
    halves = np.frombuffer(content, np.uint8).reshape(bits // 8, *shape)
    steps = sum(half.astype(np.uint32) << (8 * place) for place, half in enumerate(halves))
    return np.cumsum(steps, axis=1, dtype=np.uint32) % 2**bits


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_the_numbers_of_a_channel_come_back_exactly(kind):
    pixels = np.random.default_rng(1).integers(0, np.iinfo(kind).max, (40, 30, 2), kind)

    manifest, numbers = packed(pixels)

    assert manifest.levels == [(30, 40)]
    assert (manifest.packing, manifest.planes) == (Packing.PLANES, 2)
    for plane in range(2):
        assert (numbers(0, 0, 0, plane) == pixels[:, :, plane]).all()


def test_a_large_image_is_cut_and_halved_until_it_fits_one_tile():
    y, x = np.mgrid[:1300, :1030]
    pixels = (x + 2 * y).astype(np.uint16)[:, :, np.newaxis]

    manifest, numbers = packed(pixels)

    assert manifest.levels == [(1030, 1300), (515, 650), (258, 325)]
    assert manifest.count == 3 * 3 + 2 * 2 + 1
    assert (numbers(0, 2, 2) == pixels[1024:, 1024:, 0]).all()
    halved = numbers(2, 0, 0).astype(float)
    assert halved.shape == (325, 258)
    # Means of means round; a smooth ramp stays one.
    assert abs(halved[100, 100] - (4 * 100 + 2 * 4 * 100 + 4.5)) <= 1


def test_three_channels_of_eight_bits_are_one_picture_in_colour():
    pixels = np.full((20, 600, 3), (200, 30, 90), np.uint8)

    manifest, numbers = packed(pixels)

    assert (manifest.packing, manifest.planes) == (Packing.COLOUR, 1)
    assert numbers(0, 1, 0).shape == (20, 88, 3)
    assert np.abs(numbers(0, 0, 0)[10, 10].astype(int) - (200, 30, 90)).max() <= 4


def test_numbers_with_a_point_are_told_with_their_scale_and_gaps_are_the_least():
    pixels = np.linspace(-2, 3, 50 * 40, dtype=np.float32).reshape(50, 40, 1)
    pixels[3, 3] = np.nan

    manifest, numbers = packed(pixels)

    [channel] = manifest.channels
    shown = channel.offset + channel.scale * numbers(0, 0, 0)
    assert (channel.minimum, channel.maximum) == (-2, 3)
    pixels[3, 3] = -2
    assert np.abs(shown - pixels[:, :, 0]).max() < 1e-4


def test_signed_numbers_keep_every_step():
    pixels = np.arange(-300, 300, dtype=np.int16).reshape(20, 30, 1)

    manifest, numbers = packed(pixels)

    [channel] = manifest.channels
    assert (channel.offset, channel.scale) == (-300, 1)
    assert (numbers(0, 0, 0).astype(int) - 300 == pixels[:, :, 0]).all()


@pytest.mark.parametrize("value", [7.0, np.nan, np.inf])
def test_an_image_of_one_number_or_none_is_no_failure(value):
    manifest, numbers = packed(np.full((5, 5, 1), value, np.float32))

    assert np.unique(numbers(0, 0, 0)).size == 1
    assert np.isfinite([manifest.channels[0].low, manifest.channels[0].maximum]).all()
    assert sum(manifest.channels[0].histogram.counts) == (25 if np.isfinite(value) else 0)


def test_a_manifest_is_the_same_when_it_was_written_and_read():
    manifest, _ = packed(np.arange(600, dtype=np.uint16).reshape(20, 30, 1))

    assert manifest_of(json.loads(json.dumps(asdict(manifest)))) == manifest


def test_there_is_no_tile_outside():
    manifest, _ = packed(np.zeros((600, 40, 1), np.uint8))

    beyond = [(2, 0, 0, 0), (0, 1, 0, 0), (0, 0, 2, 0), (0, 0, 0, 1), (-1, 0, 0, 0), (0, -1, 0, 0)]
    assert [manifest.index_of(*place) for place in beyond] == [None] * 6
