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


def moments(runs: Runs) -> dict[str, Numbers]:
    """Return the measurements that follow from the moments up to second order.

    `area` is the number of pixels; `extent` = area / area of the bounding box;
    `equivalentDiameterArea` = sqrt(4 area / pi); `axisMajorLength` and
    `axisMinorLength` = 4 sqrt(l1), 4 sqrt(l2) with l1 >= l2 the eigenvalues of the
    covariance of the pixel centres (the axes of the ellipse with the same second
    moments); `eccentricity` = sqrt(1 - l2 / l1); `orientation` is the angle between
    the row axis and the major axis, in -pi/2..pi/2, counter-clockwise.
    """
    box = box_of(runs)
    area = per_object(runs.stop - runs.start, runs)
    centroid, spread = _spread(runs, box, area)
    row_row, row_column, column_column = spread
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
        "centroid": centroid,
        "bbox": box,
    }


def _spread(
    runs: Runs, box: Indices, area: Numbers
) -> tuple[Numbers, tuple[Numbers, Numbers, Numbers]]:
    # Whole numbers counted from each box's corner: the sums are exact.
    row = runs.row - box[runs.owner, 0]
    start = runs.start - box[runs.owner, 1]
    last = runs.stop - 1 - box[runs.owner, 1]
    length = last - start + 1
    columns = (start + last) * length // 2
    squares = _sum_of_squares(last) - _sum_of_squares(start - 1)
    sums = [row * length, columns, row * row * length, row * columns, squares]
    y, x, yy, xy, xx = (per_object(each, runs) / area for each in sums)
    centroid = np.stack([y + box[:, 0], x + box[:, 1]], axis=1)
    return centroid, (yy - y * y, xy - x * y, xx - x * x)


def _sum_of_squares(last: Indices) -> Indices:
    """Return 0² + 1² + … + last²; 0 for -1."""
    return last * (last + 1) * (2 * last + 1) // 6


def _orientation(row_row: Numbers, row_column: Numbers, column_column: Numbers) -> Numbers:
    angle = 0.5 * np.arctan2(2 * row_column, row_row - column_column)
    level = np.isclose(row_row, column_column, rtol=1e-12, atol=1e-12)
    diagonal = np.where(row_column > 0, np.pi / 4, -np.pi / 4)
    return np.asarray(np.where(level, diagonal, angle))
