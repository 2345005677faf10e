"""How large a pixel is, as far as a TIFF says so credibly."""

from fractions import Fraction
from typing import Any

from tifffile import RESUNIT, TiffFile, TiffPageSeries, xml2dict

from shared.domain.images import LARGEST_PIXEL_UM, SMALLEST_PIXEL_UM

_MICROMETRES = {
    "nm": 1e-3,
    "µm": 1.0,
    "μm": 1.0,
    "um": 1.0,
    "\\u00b5m": 1.0,
    "micron": 1.0,
    "microns": 1.0,
    "micrometer": 1.0,
    "mm": 1e3,
    "cm": 1e4,
    "m": 1e6,
    "inch": 25_400.0,
}
#: Resolutions for printing (72, 96, 300 dpi) are no scale of a microscope: they give
#: pixels larger than this.
_LARGEST_UM = 20.0
_SAME = 0.01  #: By how much width and height of a square pixel may differ.


def pixel_size_of(tiff: TiffFile, series: TiffPageSeries) -> float | None:
    """Return the side of a square pixel of *series* in µm; None if not told or not square."""
    pair = _from_ome(tiff, series) if tiff.is_ome else _from_tags(tiff, series)
    if pair is None:
        return None
    return square_pixel(*pair)


def square_pixel(width: float | None, height: float | None) -> float | None:
    """Return the side of a pixel, of these sides in µm; None if it is not square or incredible."""
    if width is None or height is None:
        return None
    if not SMALLEST_PIXEL_UM <= width <= LARGEST_PIXEL_UM or abs(width - height) > _SAME * width:
        return None
    return float(width)


def _from_ome(tiff: TiffFile, series: TiffPageSeries) -> tuple[float, float] | None:
    found = xml2dict(tiff.ome_metadata or "<OME/>").get("OME", {}).get("Image", {})
    images = found if isinstance(found, list) else [found]
    place = tiff.series.index(series)
    pixels: dict[str, Any] = images[place if place < len(images) else 0].get("Pixels", {})
    sizes = [
        float(pixels.get(f"PhysicalSize{axis}", 0))
        * _MICROMETRES.get(str(pixels.get(f"PhysicalSize{axis}Unit", "µm")), 0)
        for axis in "XY"
    ]
    return (sizes[0], sizes[1] or sizes[0]) if sizes[0] > 0 else None


def _from_tags(tiff: TiffFile, series: TiffPageSeries) -> tuple[float, float] | None:
    page = series.keyframe
    unit = _unit_of(tiff)
    across, down = page.tags.get("XResolution"), page.tags.get("YResolution")
    if unit is None or across is None or down is None:
        return None
    if not all((*across.value, *down.value)):
        return None
    width, height = (unit / float(Fraction(*tag.value)) for tag in (across, down))
    return (width, height) if width <= _LARGEST_UM else None


def _unit_of(tiff: TiffFile) -> float | None:
    if tiff.is_imagej:
        unit = str((tiff.imagej_metadata or {}).get("unit", "")).lower()
        return _MICROMETRES.get(unit)
    tag = tiff.pages.first.tags.get("ResolutionUnit")
    units = {RESUNIT.CENTIMETER: 1e4, RESUNIT.INCH: 25_400.0}
    return units.get(tag.value) if tag is not None else None
