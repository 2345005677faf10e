"""Crops of annotated pictures: turned, resized, bent, and seen in another light."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates, zoom

from shared.domain.engines import Modality
from training.drawings import drawn_crop
from training.emphasis import Emphasis
from training.examples import Example
from training.light import Light, Planes
from training.targets import OUTSIDE, Targets, targets_of
from worker.engines.net.pixels import BASE_SCALE, network_input

#: All kinds and sizes as often as ever.
_EVEN = Emphasis()

_DIAMETERS = (10.0, 48.0)
_SCALES = (0.3, 2.5)
_REDUCED = 0.6
_TRIES = 4


@dataclass(frozen=True, slots=True)
class Crop:
    """What the network is shown, `float32[INPUTS, y, x]`, and what it should answer."""

    image: NDArray[np.float32]
    targets: Targets


class Crops:
    """Random crops of *side* pixels, for ever; the same ones for the same *seed*."""

    def __init__(
        self, examples: list[Example], *, side: int, seed: int, emphasis: Emphasis = _EVEN
    ) -> None:
        self._side = side
        self._random = np.random.default_rng(seed)
        self._light = Light(self._random)
        wanted = emphasis.shares()
        self._pools = {
            modality: [example for example in examples if example.modality is modality]
            for modality in wanted
        }
        self._chances = {kind: emphasis.chances(pool) for kind, pool in self._pools.items()}
        present = [m for m in wanted if self._pools[m] or m is Modality.ANY]
        shares = np.array([wanted[modality] for modality in present])
        self._present, self._shares = present, shares / shares.sum()

    def __iter__(self) -> Iterator[Crop]:
        while True:
            yield self._crop()

    def _crop(self) -> Crop:
        modality = self._present[self._random.choice(len(self._present), p=self._shares)]
        if modality is Modality.ANY:
            planes, labels = drawn_crop(self._random, self._side)
        else:
            planes, labels = self._cut(modality)
        planes = self._light.change(planes, labels, modality)
        return Crop(network_input(planes), targets_of(labels))

    def _cut(self, modality: Modality) -> tuple[Planes, NDArray[np.int32]]:
        """Return a crop with something in it, if a few tries find one."""
        for _ in range(_TRIES):
            pool, chances = self._pools[modality], self._chances[modality]
            example = pool[self._random.choice(len(pool), p=chances)]
            places, scale = self._places(example)
            labels = _labels_at(example.labels, places)
            if (labels > 0).any():
                break
        source = example.half if scale < _REDUCED else example.planes
        share = source.shape[1] / example.planes.shape[1]
        # Centres of pixels: half a pixel of a reduced picture is more of the full one.
        seen = (places + 0.5) * share - 0.5
        return np.stack([_interpolated(plane, seen) for plane in source]), labels

    def _places(self, example: Example) -> tuple[NDArray[np.float32], float]:
        """Return where in the picture each pixel of a crop lies, `float32[2, y, x]`."""
        random, side = self._random, self._side
        scale = self._scale(example)
        turn = random.uniform(0, 2 * np.pi)
        stretch = np.exp(random.normal(scale=0.08))
        matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        matrix = matrix @ np.diag([stretch, (-1) ** random.integers(2) / stretch]) / scale
        grid = np.mgrid[:side, :side] - (side - 1) / 2
        if random.random() < 0.3:
            grid = grid + self._bend()
        centre = self._centre(example, 0.8 * side / scale / 2)
        places = np.tensordot(matrix, grid, axes=1) + centre[:, np.newaxis, np.newaxis]
        return places.astype(np.float32), scale

    def _scale(self, example: Example) -> float:
        """Return a random scale: about as it is, or so that objects get a random size."""
        random, base = self._random, BASE_SCALE[example.modality]
        if example.diameter and random.random() < 0.5:
            wanted = np.exp(random.uniform(*np.log(_DIAMETERS)))
            return float(base * np.clip(wanted / example.diameter / base, *_SCALES))
        return float(base * np.exp(random.normal(scale=0.25)))

    def _centre(self, example: Example, margin: float) -> NDArray[np.float64]:
        """Return a random place, or one near a random object, not too near to the border."""
        sides = np.array(example.labels.shape, float)
        centre = self._random.uniform(0, sides)
        if self._random.random() < 0.6 and len(example.middles):
            middle = example.middles[self._random.integers(len(example.middles))]
            centre = middle + self._random.normal(scale=20, size=2)
        low = np.minimum(margin, sides / 2)
        return np.clip(centre, low, sides - low)

    def _bend(self) -> NDArray[np.float64]:
        """Return a smooth displacement of a few pixels, `[2, y, x]`."""
        coarse = self._random.normal(scale=self._random.uniform(1, 4), size=(2, 5, 5))
        factor = self._side / 5
        return np.stack(
            [zoom(part, factor, order=1)[: self._side, : self._side] for part in coarse]
        )


def _labels_at(labels: NDArray[np.int32], places: NDArray[np.float32]) -> NDArray[np.int32]:
    y, x = np.rint(places).astype(np.int32)
    height, width = labels.shape
    known = (y >= 0) & (y < height) & (x >= 0) & (x < width)
    there = labels[y.clip(0, height - 1), x.clip(0, width - 1)]
    return np.where(known, there, OUTSIDE).astype(np.int32)


def _interpolated(plane: NDArray[np.float16], places: NDArray[np.float32]) -> NDArray[np.float32]:
    low = np.maximum(places.min(axis=(1, 2)).astype(int) - 1, 0)
    high = places.max(axis=(1, 2)).astype(int) + 3
    window = plane[low[0] : high[0], low[1] : high[1]].astype(np.float32)
    shifted = places - low[:, np.newaxis, np.newaxis]
    seen: NDArray[np.float32] = map_coordinates(window, shifted, order=1, mode="mirror")
    return seen
