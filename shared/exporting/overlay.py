"""`overlay/<stem>.png`: the picture with its outlines and a scale bar, for slides and papers."""

from collections.abc import Iterator
from io import BytesIO
from itertools import pairwise
from typing import ClassVar

from PIL import Image, ImageDraw, ImageFont

from shared.exporting.entries import Entry, Format, Needs
from shared.exporting.outlines import FlatRing, corners, shapes_of
from shared.exporting.records import ExportedImage
from shared.reading.display import small_picture

#: No side is longer; what is larger is made smaller.
LONGEST_SIDE = 4096

OUTLINE_COLOUR = (62, 224, 200)
BAR_COLOUR = (255, 255, 255)
_SHADOW = (0, 0, 0)

#: The bar is at most this share of the width, and one of these lengths times a power of ten.
_BAR_SHARE = 0.2
_BAR_STEPS = (1, 2, 5)


class Overlay(Format):
    """A picture for each image that has a result; without a pixel size it has no bar."""

    needs: ClassVar[Needs] = Needs.OBJECTS | Needs.PIXELS

    def add(self, image: ExportedImage) -> Iterator[Entry]:
        """Yield the image's picture."""
        if image.has_result:
            yield Entry(f"overlay/{image.record.stem}.png", iter([_png(image)]), is_packed=True)


def bar_length_um(width_um: float) -> float:
    """Return the length of the scale bar of a picture that is *width_um* wide, in µm."""
    longest = _BAR_SHARE * width_um
    power = 10.0**-9
    while power * 10 <= longest:
        power *= 10
    return max(step * power for step in _BAR_STEPS if step * power <= longest)


def _png(image: ExportedImage) -> bytes:
    picture = small_picture(image.pixels, LONGEST_SIDE).convert("RGB")
    scale = picture.width / image.record.width
    draw = ImageDraw.Draw(picture)
    for shape in shapes_of(image.objects):
        for ring in (shape.polygon, *shape.holes):
            _draw_ring(draw, ring, scale, max(1, picture.width // 1000))
    if image.record.pixel_size_um is not None:
        _draw_bar(picture, draw, image.record.pixel_size_um / scale)
    buffer = BytesIO()
    picture.save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


def _draw_ring(draw: ImageDraw.ImageDraw, ring: FlatRing, scale: float, width: int) -> None:
    points = [(x * scale, y * scale) for x, y in corners(ring)]
    for line in pairwise([*points, points[0]]):
        draw.line(line, fill=OUTLINE_COLOUR, width=width)


def _draw_bar(picture: Image.Image, draw: ImageDraw.ImageDraw, um_per_pixel: float) -> None:
    length_um = bar_length_um(picture.width * um_per_pixel)
    length, unit = length_um / um_per_pixel, max(2, picture.height // 100)
    right, bottom = picture.width - 3 * unit, picture.height - 3 * unit
    bar = (right - length, bottom - unit, right, bottom)
    draw.rectangle([bar[0] - 1, bar[1] - 1, bar[2] + 1, bar[3] + 1], fill=_SHADOW)
    draw.rectangle(bar, fill=BAR_COLOUR)
    font = ImageFont.load_default(max(10, 4 * unit))
    draw.text(
        ((bar[0] + bar[2]) / 2, bar[1] - unit),
        f"{length_um:g} µm",
        fill=BAR_COLOUR,
        font=font,
        anchor="ms",
        stroke_width=max(1, unit // 3),
        stroke_fill=_SHADOW,
    )
