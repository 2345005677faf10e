"""Images whose objects are known, by which engines are tested where they are installed."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from shared.reading import read_pixels
from shared.samples.catalogue import SAMPLES


@dataclass(frozen=True, slots=True)
class KnownImage:
    """An image `[y, x, c]` with so many objects."""

    image: NDArray[Any]
    objects: int


def drawn_sample(filename: str) -> KnownImage:
    """Return a drawn sample image; its count is known as it was drawn."""
    (sample,) = (each for each in SAMPLES if each.filename == filename)
    return KnownImage(read_pixels(sample.path), sample.objects or 0)
