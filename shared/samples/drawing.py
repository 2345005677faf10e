"""Draws the sample images that are no micrographs: `python -m shared.samples.drawing FOLDER`.

Every picture follows from its seed alone, so that a test can draw it again.
"""

import sys
from pathlib import Path
from typing import TypeAlias

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

Plane: TypeAlias = NDArray[np.float64]

NUCLEI_SIDE = 480
SPHEROIDS_SIDE = 768
NUCLEI_UM = 0.65  #: The pixel size that the drawn nuclei claim.
_NUCLEI = {"drawn_nuclei_1.tif": 24, "drawn_nuclei_2.tif": 40, "drawn_nuclei_3.tif": 60}
_SPHEROIDS = {"drawn_spheroids_1.png": 3, "drawn_spheroids_2.png": 5}
_TRIES = 100_000


def nuclei(count: int, side: int = NUCLEI_SIDE) -> NDArray[np.uint16]:
    """Return *count* bright nuclei on a dark background with camera noise, 16 bits."""
    random = np.random.default_rng(count)
    light = np.zeros((side, side))
    for centre, radius in _places(random, count, side=side, radii=(11, 17), gap=4):
        body = _ellipse(random, centre, radius, side=side)
        light = np.maximum(light, body * random.uniform(0.5, 1.0))
    texture = 1 + 0.12 * gaussian_filter(random.normal(size=light.shape), 3) * 10
    signal = 400 + 9000 * gaussian_filter(light * texture, 1.5)
    noisy = signal + random.normal(size=light.shape) * np.sqrt(signal) * 1.5
    # Cameras of 12 bits leave the last four empty, and the file compresses better.
    return np.asarray(noisy.clip(0, 65535) // 16 * 16, np.uint16)


def spheroids(count: int, side: int = SPHEROIDS_SIDE) -> NDArray[np.uint8]:
    """Return *count* dark spheroids in uneven bright light, 8 bits."""
    random = np.random.default_rng(1000 + count)
    y, x = np.mgrid[:side, :side] / side - 0.5
    light = 205 - 70 * ((x - 0.1) ** 2 + (y + 0.05) ** 2)
    shade = np.zeros((side, side))
    for centre, radius in _places(random, count, side=side, radii=(55, 90), gap=20):
        body = _ellipse(random, centre, radius, side=side)
        shade = np.maximum(shade, gaussian_filter(body, 4) * random.uniform(0.5, 0.65))
    grain = 1 + 0.25 * gaussian_filter(random.normal(size=shade.shape), 2) * shade
    picture = light * (1 - shade * grain) + 1.2 * random.normal(size=shade.shape)
    return np.asarray(picture.clip(0, 255), np.uint8)


def draw_all(folder: Path) -> None:
    """Write every drawn sample into *folder*."""
    for filename, count in _NUCLEI.items():
        tifffile.imwrite(
            folder / filename,
            nuclei(count),
            ome=True,
            compression="zlib",
            predictor=True,
            metadata={
                "axes": "YX",
                "PhysicalSizeX": NUCLEI_UM,
                "PhysicalSizeXUnit": "µm",
                "PhysicalSizeY": NUCLEI_UM,
                "PhysicalSizeYUnit": "µm",
            },
        )
    for filename, count in _SPHEROIDS.items():
        Image.fromarray(spheroids(count)).save(folder / filename, optimize=True)


def _places(
    random: np.random.Generator,
    count: int,
    *,
    side: int,
    radii: tuple[float, float],
    gap: float,
) -> list[tuple[tuple[float, float], float]]:
    """Return *count* centres and radii of disks at least *gap* apart."""
    placed: list[tuple[tuple[float, float], float]] = []
    for _ in range(_TRIES):
        radius = random.uniform(*radii)
        y, x = random.uniform(radius * 1.3, side - radius * 1.3, size=2)
        if all(
            np.hypot(y - other_y, x - other_x) > 1.2 * (radius + other) + gap
            for (other_y, other_x), other in placed
        ):
            placed.append(((y, x), radius))
        if len(placed) == count:
            return placed
    raise ValueError(f"{count} objects do not fit into {side} pixels a side")


def _ellipse(
    random: np.random.Generator, centre: tuple[float, float], radius: float, *, side: int
) -> Plane:
    """Return a filled ellipse, a little uneven, its longer axis below 1.2 radii."""
    low_y, low_x = (max(0, int(place - 1.3 * radius)) for place in centre)
    reach = int(2.6 * radius) + 2
    window = (slice(low_y, low_y + reach), slice(low_x, low_x + reach))
    plane = np.zeros((side, side))
    rows, columns = plane[window].shape
    y, x = np.mgrid[low_y : low_y + rows, low_x : low_x + columns].astype(float)
    y, x = y - centre[0], x - centre[1]
    turn, long = random.uniform(0, np.pi), random.uniform(1.0, 1.15)
    along = x * np.cos(turn) + y * np.sin(turn)
    across = y * np.cos(turn) - x * np.sin(turn)
    wobble = 1 + 0.03 * np.cos(3 * np.arctan2(across, along) + random.uniform(0, 6))
    plane[window] = np.hypot(along / long, across * long) <= radius * wobble
    return plane


if __name__ == "__main__":
    draw_all(Path(sys.argv[1]))
