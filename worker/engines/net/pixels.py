"""What the network is shown: planes of any picture, even in light, size and polarity."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.domain.engines import Modality
from worker.engines.grey import Plane, grey_plane

#: `float32[c, y, x]`, one plane of grey or three of colour; background near 0, light near 1.
Planes: TypeAlias = NDArray[np.float32]
#: The values of a plane that become 0 and 1.
Levels: TypeAlias = tuple[float, float]

#: Planes of the network's input: three of colour, and the mean of them compressed.
INPUTS = 4

_LOW, _HIGH = 1.0, 99.8
_DARKEST, _BRIGHTEST = -0.2, 1.5
_COLOURS = 3
_SAMPLE = 1_000_000
#: How strongly the last plane lifts what is faint: nuclei of 2 % become 0.16.
_LIFT = 30.0

#: Cells are large in phase contrast: half the pixels show them as large as nuclei are.
BASE_SCALE = {
    Modality.NUCLEI_FLUO: 1.0,
    Modality.NUCLEI_STAINED: 1.0,
    Modality.CELLS_PHASE: 0.5,
}


def shown(
    image: NDArray[Any],
    modality: Modality,
    *,
    channel: int = 0,
    levels: Sequence[Levels] | None = None,
) -> Planes:
    """Return `image[y, x, c]` so that its objects are bright and its light is even.

    Channel 0 is all of them: in colour where tissue was stained, else their mean. Each
    plane is stretched from its percentile 1 to 99.8, after tissue was inverted, or by the
    *levels* of the larger image that this is a part of.
    """
    planes = _planes(image, modality, channel)
    known = map(_levels_of, planes) if levels is None else levels
    return np.stack([_stretched(*each) for each in zip(planes, known, strict=True)])


def levels_of(image: NDArray[Any], modality: Modality, *, channel: int = 0) -> list[Levels]:
    """Return which values `shown` makes 0 and 1 of each plane."""
    return [_levels_of(plane) for plane in _planes(image, modality, channel)]


def resized(planes: Planes, scale: float) -> Planes:
    """Return *planes* with *scale* times the rows and columns, one of each at least."""
    rows, columns = (max(1, round(side * scale)) for side in planes.shape[1:])
    return reshaped(planes, (rows, columns))


def reshaped(planes: Planes, shape: tuple[int, int]) -> Planes:
    """Return *planes* with the rows and columns of *shape*: averaged, or interpolated."""
    if planes.shape[1:] == shape:
        return planes
    smaller = shape[0] < planes.shape[1]
    how = Image.Resampling.BOX if smaller else Image.Resampling.BILINEAR
    pictures = (Image.fromarray(plane).resize(shape[::-1], how) for plane in planes)
    return np.stack([np.asarray(picture, np.float32) for picture in pictures])


def network_input(planes: Planes) -> NDArray[np.float32]:
    """Return `float32[INPUTS, y, x]`: the planes in colour, and their mean compressed."""
    colour = np.broadcast_to(planes, (_COLOURS, *planes.shape[1:]))
    lifted = np.log1p(_LIFT * planes.mean(axis=0).clip(0, None)) / np.log1p(_LIFT)
    return np.concatenate([colour, lifted[np.newaxis]]).astype(np.float32, copy=False)


def _planes(image: NDArray[Any], modality: Modality, channel: int) -> list[Plane]:
    stained = modality is Modality.NUCLEI_STAINED
    coloured = stained and channel == 0 and image.shape[2] == _COLOURS
    planes = [grey_plane(image, number) for number in ((1, 2, 3) if coloured else (channel,))]
    return [-plane for plane in planes] if stained else planes


def _levels_of(plane: Plane) -> Levels:
    some = plane.reshape(-1)[:: max(1, plane.size // _SAMPLE)]
    low, high = np.percentile(some, (_LOW, _HIGH))
    # Fewer than 2 pixels of 1000 may stand out: then they are all that there is to see.
    return float(low), float(high if high > low else plane.max())


def _stretched(plane: Plane, levels: Levels) -> Plane:
    low, high = levels
    if not high > low:
        return np.zeros_like(plane)
    stretched: Plane = ((plane - np.float32(low)) / np.float32(high - low)).astype(np.float32)
    return stretched.clip(_DARKEST, _BRIGHTEST)
