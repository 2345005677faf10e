"""Area, place, size and direction, from the moments of each object's pixels.

Names and formulas are those of `skimage.measure.regionprops`; a pixel is a point
at its centre.
"""

import numpy as np

from shared.measuring.runs import Indices, Numbers, Runs, per_object


def box_of(runs: Runs) -> Indices:
    """Return `bbox`: first row, first column, last row + 1, last column + 1."""
    if runs.count == 0:
        return np.zeros((0, 4), np.int64)
    first = runs.first
    return np.stack(
        [
            np.minimum.reduceat(runs.row, first),
            np.minimum.reduceat(runs.start, first),
            np.maximum.reduceat(runs.row, first) + 1,
            np.maximum.reduceat(runs.stop, first),
        ],
        axis=1,
    )


#: The central moments that are told, by the powers of row and column.
_TOLD = ((2, 0), (1, 1), (0, 2), (3, 0), (2, 1), (1, 2), (0, 3))


def moments(runs: Runs) -> dict[str, Numbers]:
    """Return the measurements that follow from the moments up to third order.

    `area` is the number of pixels; `extent` = area / area of the bounding box;
    `equivalentDiameterArea` = sqrt(4 area / pi); `axisMajorLength` and
    `axisMinorLength` = 4 sqrt(l1), 4 sqrt(l2) with l1 >= l2 the eigenvalues of the
    covariance of the pixel centres (the axes of the ellipse with the same second
    moments); `eccentricity` = sqrt(1 - l2 / l1); `orientation` is the angle between
    the row axis and the major axis, in -pi/2..pi/2, counter-clockwise;
    `momentsCentral-p-q` = sum of (row - mean row)^p (column - mean column)^q.
    """
    box = box_of(runs)
    area = per_object(runs.stop - runs.start, runs)
    centroid = _centroid(runs, box, area)
    central = _central(runs, box, centroid)
    row_row, row_column, column_column = (central[pq] / area for pq in _TOLD[:3])
    half_trace = (row_row + column_column) / 2
    root = np.hypot((row_row - column_column) / 2, row_column)
    major = half_trace + root
    minor = np.clip(half_trace - root, 0, None)
    box_area = (box[:, 2] - box[:, 0]) * (box[:, 3] - box[:, 1])
    squared = 1 - np.divide(minor, major, out=np.ones_like(minor), where=major > 0)
    return {
        "area": area,
        "axisMajorLength": 4 * np.sqrt(major),
        "axisMinorLength": 4 * np.sqrt(minor),
        "eccentricity": np.sqrt(squared),
        "orientation": _orientation(row_row, row_column, column_column),
        "extent": area / box_area,
        "equivalentDiameterArea": np.sqrt(4 * area / np.pi),
        "centroid": centroid + box[:, :2],
        "bbox": box,
    } | {f"momentsCentral-{p}-{q}": central[p, q] for p, q in _TOLD}


def _centroid(runs: Runs, box: Indices, area: Indices) -> Numbers:
    """Return the mean row and column, counted from each box's corner: the sums are exact."""
    length = runs.stop - runs.start
    row = runs.row - box[runs.owner, 0]
    ends = runs.start + runs.stop - 1 - 2 * box[runs.owner, 1]
    sums = [per_object(row * length, runs), per_object(ends * length // 2, runs)]
    return np.stack(sums, axis=1) / area[:, np.newaxis]


def _central(runs: Runs, box: Indices, centroid: Numbers) -> dict[tuple[int, int], Numbers]:
    """Return the central moments of *_TOLD*, summed over runs around each centroid.

    A run of n pixels around column m has the sums n, nm, nm² + n(n² - 1)/12 and
    nm³ + mn(n² - 1)/4 of the powers of its columns.
    """
    n = (runs.stop - runs.start).astype(np.float64)
    origin = centroid + box[:, :2]
    y = runs.row - origin[runs.owner, 0]
    m = (runs.start + runs.stop - 1) / 2 - origin[runs.owner, 1]
    spread = n * (n * n - 1) / 12
    columns = (n, n * m, n * m * m + spread, n * m**3 + 3 * m * spread)
    rows = (np.ones_like(y), y, y * y, y**3)
    return {(p, q): per_object(rows[p] * columns[q], runs) for p, q in _TOLD}


def _orientation(row_row: Numbers, row_column: Numbers, column_column: Numbers) -> Numbers:
    angle = 0.5 * np.arctan2(2 * row_column, row_row - column_column)
    level = np.isclose(row_row, column_column, rtol=1e-12, atol=1e-12)
    diagonal = np.where(row_column > 0, np.pi / 4, -np.pi / 4)
    return np.asarray(np.where(level, diagonal, angle))
