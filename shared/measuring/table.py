"""All measurements of all objects, as columns under their public names."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from shared.domain.measurements import OBJECT_COLUMNS
from shared.measuring.feret import feret_diameters, hull_perimeter
from shared.measuring.hulls import (
    corner_hulls,
    midpoint_hulls,
    pixels_inside,
    profile_of,
)
from shared.measuring.intensities import intensities
from shared.measuring.moments import moments
from shared.measuring.neighbours import nearest_neighbour, neighbour_count
from shared.measuring.perimeters import (
    hole_count,
    mixed_squares,
    patterns_of,
    perimeter,
    perimeter_crofton,
)
from shared.measuring.runs import Indices, Numbers, Runs, runs_of

Table: TypeAlias = dict[str, NDArray[Any]]


def measure(labels: NDArray[Any], image: NDArray[Any], pixel_size_um: float | None) -> Table:
    """Return one column a measurement, one entry an object, in order of the labels.

    `labels[y, x]` holds connected objects, 0 is background; `image[y, x, c]` their
    picture. Keys are those of `shared.domain.measurements`, in pixels; with a pixel size
    lengths, areas and volumes are there again, under their physical names.
    """
    runs = runs_of(labels)
    table: Table = {"label": runs.labels}
    table |= moments(runs)
    table |= _shape(runs, labels, table["bbox"], table["area"])
    table["nearestNeighbourDistance"] = nearest_neighbour(table["centroid"])
    table["touchesBorder"] = _touches_border(table["bbox"], labels.shape)
    table |= intensities(runs, image)
    if pixel_size_um is not None:
        table |= _in_micrometres(table, pixel_size_um)
    return table


def _shape(runs: Runs, labels: Numbers, box: Indices, area: Numbers) -> Table:
    """Return what follows from outline and hull.

    `circularity` = min(1, 4 pi area / perimeterCrofton²), `sphericity` its root; `solidity` =
    area / `areaConvex`, the pixels of the convex hull of the midpoints of the pixels' edges;
    `convexity` = min(1, length of that hull's outline / perimeterCrofton).
    """
    count = runs.count
    if count == 0:
        return {name: np.zeros(0) for name in _SHAPE}
    dense = _dense(runs, labels.shape)
    squares = mixed_squares(dense)
    patterns = patterns_of(squares, count)
    crofton = perimeter_crofton(patterns)
    circularity = np.minimum(1, 4 * np.pi * area / crofton**2)
    profile = profile_of(runs, box)
    largest, smallest = feret_diameters(corner_hulls(profile), count)
    hulls = midpoint_hulls(profile)
    convex = pixels_inside(hulls, profile)
    columns = (
        perimeter(dense, count),
        crofton,
        convex,
        area / convex,
        circularity,
        np.sqrt(circularity),
        np.minimum(1, hull_perimeter(hulls, count) / 2 / crofton),
        np.pi / 6 * (4 * area / np.pi) ** 1.5,
        largest,
        smallest,
        hole_count(patterns),
        neighbour_count(squares, count),
    )
    return dict(zip(_SHAPE, columns, strict=True))


_SHAPE = (
    "perimeter",
    "perimeterCrofton",
    "areaConvex",
    "solidity",
    "circularity",
    "sphericity",
    "convexity",
    "sphereVolume",
    "feretDiameterMax",
    "feretDiameterMin",
    "holeCount",
    "neighbourCount",
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
    return {
        column.physical.name: table[column.name] * pixel_size_um**column.power
        for column in OBJECT_COLUMNS
        if column.physical is not None
    }
