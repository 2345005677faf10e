"""What the network answers: which channel means what, on which grid."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

#: The network answers once for each square of GRID pixels a side.
GRID = 2
#: Directions in which it tells the distance to the outline.
RAYS = 32
#: Its coarsest grid, in pixels: sides of its input are a multiple.
STRIDE = 32
#: Distances leave the network in units of so many pixels.
REACH = 10.0

#: Channels of the answer `float32[CHANNELS, y / GRID, x / GRID]`.
PEAK = 0  #: Logit of how far inside its object a place is: 1 in the middle, 0 at the outline.
DISTANCES = slice(1, 1 + RAYS)  #: To the outline along each ray, before softplus.
MIDDLE = slice(1 + RAYS, 3 + RAYS)  #: The way to the object's middle, (y, x).
INSIDE = slice(3 + RAYS, 7 + RAYS)  #: Logit of being an object, of each pixel of the square.
TOUCH = slice(7 + RAYS, 11 + RAYS)  #: Logit of lying where two objects touch, likewise.
CHANNELS = 11 + RAYS

Answer: TypeAlias = NDArray[np.float32]


def directions() -> NDArray[np.float32]:
    """Return the unit vector `(y, x)` of each ray, `float32[RAYS, 2]`."""
    angle = np.arange(RAYS) * (2 * np.pi / RAYS)
    return np.stack([np.sin(angle), np.cos(angle)], axis=1).astype(np.float32)


def pixels_of(squares: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return `[GRID * GRID, y, x]`, row by row in each square, as `[GRID * y, GRID * x]`."""
    _, height, width = squares.shape
    parts = squares.reshape(GRID, GRID, height, width).transpose(2, 0, 3, 1)
    return np.ascontiguousarray(parts).reshape(GRID * height, GRID * width)


def turned_back(answer: Answer) -> Answer:
    """Return the *answer* to a picture that was turned upside down, as one to the picture itself.

    Rays and ways point the other way, squares are read from their last pixel to their first.
    """
    found = np.ascontiguousarray(answer[:, ::-1, ::-1])
    found[DISTANCES] = np.roll(found[DISTANCES], RAYS // 2, axis=0)
    found[MIDDLE] *= -1
    for squares in (INSIDE, TOUCH):
        found[squares] = found[squares][::-1].copy()
    return found


def softplus(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return log(1 + exp(x)), without overflow."""
    return np.logaddexp(0, values).astype(np.float32)


def sigmoid(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return 1 / (1 + exp(-x)), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * values)), np.float32)
