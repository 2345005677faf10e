"""Files in, pixels out: what was uploaded is recognised, read and described here."""

from shared.reading.channels import chosen_channels
from shared.reading.display import THUMBNAIL_TYPE, thumbnail
from shared.reading.facts import ImageFacts
from shared.reading.formats import ImageFormat
from shared.reading.inspection import Inspection
from shared.reading.inspector import Inspector
from shared.reading.names import safe_filename
from shared.reading.pixels import describe, read_pixels

__all__ = [
    "THUMBNAIL_TYPE",
    "ImageFacts",
    "ImageFormat",
    "Inspection",
    "Inspector",
    "chosen_channels",
    "describe",
    "read_pixels",
    "safe_filename",
    "thumbnail",
]
