"""The two perimeters of scikit-image and the number of holes, for all labels at once."""

import numpy as np

from shared.measuring.runs import Numbers

#: Weights of `skimage.measure.perimeter` by (straight, diagonal) border neighbours.
#: K. Benkrid, D. Crookes, Design and FPGA implementation of a perimeter estimator, 2000.
_STEPS = (
    {(2, 0): 1.0, (3, 0): 1.0, (2, 1): 1.0, (3, 1): 1.0, (2, 2): 1.0, (3, 2): 1.0}
    | {(0, 2): 2**0.5, (1, 3): 2**0.5}
    | {(1, 1): (1 + 2**0.5) / 2, (1, 2): (1 + 2**0.5) / 2}
)

_A = np.pi / 4 * (1 + 1 / np.sqrt(2))
_B = np.pi / (4 * np.sqrt(2))
#: Crofton's formula in four directions, by the pattern of a square of four pixels:
#: 1 the last, 2 above it, 4 left of it, 8 left above it.
#: S. Rivollier, thesis, Saint-Étienne 2010, as in `skimage.measure.perimeter_crofton`.
_CROFTON = np.array(
    [0, _A, _B, 2 * _B, 0, _A, 0, _B, np.pi / 4, np.pi / 2, _B, _B, np.pi / 4, np.pi / 2, 0, 0]
)
#: Four times a square's share of the Euler number, diagonal pixels joined (Gray, 1971).
_EULER = np.array([0, 1, 1, 0, 1, 0, -2, -1, 1, -2, 0, -1, 0, -1, -1, 0])


def perimeter(dense: Numbers, count: int) -> Numbers:
    """Return `perimeter`: the line through the centres of the border pixels.

    A border pixel has one of another label above, below, left or right of it; each
    weighs 1, sqrt(2) or their mean by how many border pixels touch it.
    *dense* holds objects 1..count inside a frame of background one pixel wide.
    """
    inner = dense[1:-1, 1:-1]
    edge = (inner != dense[:-2, 1:-1]) | (inner != dense[2:, 1:-1])
    edge |= (inner != dense[1:-1, :-2]) | (inner != dense[1:-1, 2:])
    edge &= inner != 0
    border = np.zeros_like(dense)
    np.copyto(border[1:-1, 1:-1], inner, where=edge)
    flat, width = border.ravel(), border.shape[1]
    place = np.flatnonzero(flat)
    own = flat[place]
    diagonal = (-width - 1, -width + 1, width - 1, width + 1)
    touching = [
        sum((flat[place + step] == own).astype(np.int8) for step in steps)
        for steps in ((-width, -1, 1, width), diagonal)
    ]
    weights = np.zeros((5, 5))
    for counts, weight in _STEPS.items():
        weights[counts] = weight
    steps = weights[touching[0], touching[1]]
    return np.bincount(own, weights=steps, minlength=count + 1)[1:]


def mixed_squares(dense: Numbers) -> Numbers:
    """Return the pixels of each square of 2 x 2 that holds more than one label, `[4, n]`.

    The last first, then the one above it, left of it, and left above it. Squares of one
    label alone are no part of any boundary.
    """
    corners = (dense[1:, 1:], dense[:-1, 1:], dense[1:, :-1], dense[:-1, :-1])
    mixed = (corners[0] != corners[1]) | (corners[0] != corners[2])
    mixed |= corners[0] != corners[3]
    place = np.flatnonzero(mixed)
    place += place // mixed.shape[1]  # A row of squares is shorter than one of pixels.
    flat, width = dense.reshape(-1), dense.shape[1]
    return np.stack([flat[place + step] for step in (width + 1, 1, width, 0)])


def patterns_of(squares: Numbers, count: int) -> Numbers:
    """Return how often each of the 16 patterns of 2 x 2 pixels occurs per object."""
    found = np.zeros((count + 1) * 16, np.int64)
    for place, own in enumerate(squares):
        # An object of several pixels in a square is counted at the first of them.
        first = own > 0
        for earlier in squares[:place]:
            first &= earlier != own
        pattern = np.zeros(len(own), np.uint8)
        for bit, corner in enumerate(squares):
            pattern |= (corner == own).view(np.uint8) << bit
        keys = own[first] * 16 + pattern[first]
        found += np.bincount(keys, minlength=len(found))
    return found.reshape(count + 1, 16)[1:]


def perimeter_crofton(patterns: Numbers) -> Numbers:
    """Return `perimeterCrofton`: pi/4 times the lines met in four directions."""
    return np.asarray(patterns @ _CROFTON)


def hole_count(patterns: Numbers) -> Numbers:
    """Return `holeCount` of connected objects: 1 less the Euler number."""
    return np.asarray(1 - patterns @ _EULER // 4)
