"""`measure.objects_per_s`: measuring every object of an image of 2,048 x 2,048 pixels.

About 8,600 ellipses of all directions, 180 pixels each, in one channel of 16 bits. The peer is
asked for those of our columns that scikit-image has. Both run on one core, as each child of a
worker does.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.measure import regionprops_table

from bench.measurement import Measurement
from bench.rounds import Scale, interleaved
from shared.measuring import measure

NAMES = ("measure.objects_per_s",)

_SIDE = 2048
_STEP = 22  #: From one object to the next, in pixels.
_THEIRS = (
    *("label", "area", "area_convex", "bbox", "centroid", "eccentricity", "euler_number"),
    *("equivalent_diameter_area", "axis_major_length", "axis_minor_length", "extent"),
    *("feret_diameter_max", "intensity_max", "intensity_mean", "intensity_min", "intensity_std"),
    *("moments_central", "orientation", "perimeter", "perimeter_crofton", "solidity"),
)


def run(scale: Scale) -> Iterator[Measurement]:
    """Measure the same labels both ways."""
    side = scale.of(_SIDE // _STEP) * _STEP
    labels = _ellipses(side)
    image = np.random.default_rng(1).integers(0, 4096, labels.shape, dtype=np.uint16)
    count = int(labels.max())
    ours, theirs = interleaved(
        scale,
        lambda: _rate(count, lambda: measure(labels, image[:, :, np.newaxis], 0.5)),
        lambda: _rate(count, lambda: regionprops_table(labels, image, properties=_THEIRS)),
    )
    peer = "scikit-image regionprops_table"
    yield Measurement("measure.objects_per_s", ours, "1/s", peer, theirs)


def _rate(count: int, work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)


def _ellipses(side: int) -> NDArray[Any]:
    """Return labels with an ellipse in each square of a grid; no two touch."""
    random = np.random.default_rng(0)
    labels = np.zeros((side, side), np.int32)
    centre = (_STEP - 1) / 2
    y, x = np.mgrid[:_STEP, :_STEP] - centre
    corners = [(row, column) for row in range(0, side, _STEP) for column in range(0, side, _STEP)]
    for label, (row, column) in enumerate(corners, 1):
        angle = random.uniform(0, np.pi)
        along = (y * np.cos(angle) + x * np.sin(angle)) / random.uniform(5, 10)
        across = (x * np.cos(angle) - y * np.sin(angle)) / random.uniform(5, 10)
        labels[row : row + _STEP, column : column + _STEP][along**2 + across**2 <= 1] = label
    return labels
