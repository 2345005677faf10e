"""All measurements of all objects, as columns under their public names."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from shared.measuring.feret import feret_diameters, hull_perimeter
from shared.measuring.hulls import (
    corner_hulls,
    midpoint_hulls,
    pixels_inside,
    profile_of,
)
from shared.measuring.intensities import intensities
from shared.measuring.moments import moments
from shared.measuring.perimeters import (
    hole_count,
    perimeter,
    perimeter_crofton,
    squares,
)
from shared.measuring.runs import Indices, Numbers, Runs, runs_of

Table: TypeAlias = dict[str, NDArray[Any]]

AREAS = ("area",)
LENGTHS = (
    "perimeter",
    "perimeterCrofton",
    "axisMajorLength",
    "axisMinorLength",
    "equivalentDiameterArea",
    "feretDiameterMax",
    "feretDiameterMin",
)


def measure(labels: NDArray[Any], image: NDArray[Any], pixel_size_um: float | None) -> Table:
    """Return one column a measurement, one entry an object, in order of the labels.

    `labels[y, x]` holds connected objects, 0 is background; `image[y, x, c]` their
    picture. Keys are those of contract.md, in pixels; with a pixel size areas and
    lengths are there again with the suffix `Um2` and `Um`.
    """
    runs = runs_of(labels)
    table: Table = {"label": runs.labels}
    table |= moments(runs)
    table |= _shape(runs, labels, table["bbox"], table["area"])
    table["touchesBorder"] = _touches_border(table["bbox"], labels.shape)
    table |= intensities(runs, image)
    if pixel_size_um is not None:
        table |= _in_micrometres(table, pixel_size_um)
    return table


def _shape(runs: Runs, labels: Numbers, box: Indices, area: Numbers) -> Table:
    """Return what follows from outline and hull.

    `circularity` = min(1, 4 pi area / perimeterCrofton²); `solidity` = area / pixels
    of the convex hull of the midpoints of the pixels' edges (scikit-image's
    `area_convex`); `convexity` = min(1, length of that hull's outline /
    perimeterCrofton).
    """
    count = runs.count
    if count == 0:
        return {name: np.zeros(0) for name in _SHAPE}
    dense = _dense(runs, labels.shape)
    patterns = squares(dense, count)
    crofton = perimeter_crofton(patterns)
    profile = profile_of(runs, box)
    largest, smallest = feret_diameters(corner_hulls(profile), count)
    hulls = midpoint_hulls(profile)
    outline = hull_perimeter(hulls, count) / 2
    columns = (
        perimeter(dense, count),
        crofton,
        area / pixels_inside(hulls, profile),
        np.minimum(1, 4 * np.pi * area / crofton**2),
        np.minimum(1, outline / crofton),
        largest,
        smallest,
        hole_count(patterns),
    )
    return dict(zip(_SHAPE, columns, strict=True))


_SHAPE = (
    "perimeter",
    "perimeterCrofton",
    "solidity",
    "circularity",
    "convexity",
    "feretDiameterMax",
    "feretDiameterMin",
    "holeCount",
)


def _dense(runs: Runs, shape: tuple[int, ...]) -> Numbers:
    """Return the labels as 1..N, framed by one pixel of background."""
    dense = np.zeros((shape[0] + 2, shape[1] + 2), np.int32)
    length = runs.stop - runs.start
    begin = np.cumsum(length) - length
    jump = (runs.row + 1) * dense.shape[1] + runs.start + 1 - begin
    place = np.repeat(jump, length) + np.arange(length.sum())
    dense.reshape(-1)[place] = np.repeat(runs.owner + 1, length)
    return dense


def _touches_border(box: Indices, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    near = (box[:, 0] == 0) | (box[:, 1] == 0)
    return np.asarray(near | (box[:, 2] == shape[0]) | (box[:, 3] == shape[1]))


def _in_micrometres(table: Table, pixel_size_um: float) -> Table:
    areas = {f"{name}Um2": table[name] * pixel_size_um**2 for name in AREAS}
    lengths = {f"{name}Um": table[name] * pixel_size_um for name in LENGTHS}
    return areas | lengths
