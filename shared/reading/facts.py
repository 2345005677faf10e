"""What is known of an image before anybody segments it."""

from dataclasses import dataclass

from shared.reading.formats import ImageFormat


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """Size and depth as they are read: turned upright, alpha left out."""

    format: ImageFormat
    width: int
    height: int
    channels: int
    bit_depth: int
    pixel_size_um: float | None = None
    pages: int = 1
