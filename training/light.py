"""Changes of light: other cameras, stains and exposures than those that were annotated."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom

from shared.domain.engines import Modality

Planes: TypeAlias = NDArray[np.float32]
Random: TypeAlias = np.random.Generator

_BANK = 1 << 20
_DARKEST, _BRIGHTEST = -0.2, 1.5
_COLOURS = 3


class Light:
    """Random changes to crops `float32[c, y, x]`, which stay stretched to about 0..1."""

    def __init__(self, random: Random) -> None:
        self._random = random
        # Fresh noise for every pixel would take longer than all the rest.
        self._noise = random.normal(size=_BANK).astype(np.float32)

    def change(
        self, planes: Planes, labels: NDArray[np.int32], modality: Modality = Modality.ANY
    ) -> Planes:
        """Return *planes* as another camera might have seen the objects of *labels*."""
        planes = self._coloured(planes)
        if modality is Modality.CELLS_PHASE:
            planes = self._other_phase(planes)
        if self._happens(0.15):
            planes = planes * self._brightness_of_objects(labels)
        if self._happens(0.6):
            planes = self._curved(planes)
        if self._happens(0.25):
            planes = self._blurred(planes)
        if self._happens(0.1):
            planes = planes + self._uniform(0.3, 1.0) * (planes - _blur(planes, 1.5))
        if self._happens(0.3):
            planes = self._hazy(planes)
        planes = planes * self._uniform(0.7, 1.35) + self._uniform(-0.08, 0.12)
        if self._happens(0.5):
            planes = self._noisy(planes)
        if self._happens(0.03):
            planes = 1 - planes
        return planes.clip(_DARKEST, _BRIGHTEST)

    def _happens(self, share: float) -> bool:
        return bool(self._random.random() < share)

    def _uniform(self, low: float, high: float) -> np.float32:
        return np.float32(self._random.uniform(low, high))

    def _coloured(self, planes: Planes) -> Planes:
        """Mix colours a little, or lose them."""
        if len(planes) < _COLOURS:
            return planes
        if self._happens(0.3):
            shares = self._random.dirichlet(np.ones(_COLOURS)).astype(np.float32)
            return np.tensordot(shares, planes, axes=1)[np.newaxis]
        mixed = np.eye(_COLOURS) + self._random.normal(scale=0.12, size=(_COLOURS, _COLOURS))
        if self._happens(0.3):
            mixed = mixed[self._random.permutation(_COLOURS)]
        mixed /= mixed.sum(axis=1, keepdims=True)
        return np.tensordot(mixed.astype(np.float32), planes, axes=1)

    def _brightness_of_objects(self, labels: NDArray[np.int32]) -> Planes:
        """Return gains that make some objects faint: they are as much objects."""
        gains = self._random.uniform(0.35, 1.2, size=int(labels.max(initial=0)) + 2)
        gains[0] = gains[-1] = 1
        return gaussian_filter(gains[labels].astype(np.float32), 1.0)

    def _other_phase(self, planes: Planes) -> Planes:
        """Return phase contrast as another microscope shows it.

        Rings of other widths make wider or narrower halos, negative phase swaps dark and
        bright, and a chamber wall or debris in the field leaves the cells less of the range.
        """
        if self._happens(0.4):
            width = float(np.exp(self._uniform(0.7, 2.5)))
            planes = planes + self._uniform(-0.5, 0.8) * (planes - _blur(planes, width))
        ground = np.median(planes)
        contrast = self._uniform(0.35, 1.4) if self._happens(0.5) else np.float32(1)
        if self._happens(0.08):
            contrast = -contrast
        level = self._uniform(0.2, 0.6) if self._happens(0.5) else ground
        return np.asarray(level + contrast * (planes - ground), np.float32)

    def _curved(self, planes: Planes) -> Planes:
        exponent = np.exp(self._random.normal(scale=0.35))
        return np.sign(planes) * np.abs(planes) ** np.float32(exponent)

    def _blurred(self, planes: Planes) -> Planes:
        return _blur(planes, float(self._uniform(0.4, 2.0)))

    def _hazy(self, planes: Planes) -> Planes:
        """Add light that varies slowly over the crop, or dim it so."""
        side = planes.shape[1]
        coarse = self._random.normal(size=(4, 4))
        field = zoom(coarse, side / 4, order=1)[:side, :side].astype(np.float32)
        if self._happens(0.5):
            return planes * np.exp(np.float32(0.25) * field)
        return planes + np.float32(0.08) * field

    def _noisy(self, planes: Planes) -> Planes:
        start = int(self._random.integers(_BANK - planes.size))
        noise = self._noise[start : start + planes.size].reshape(planes.shape)
        if self._happens(0.3):
            noise = _blur(noise, 0.7) * np.float32(2)
        strength = self._random.exponential(0.04)
        if self._happens(0.5):
            return planes + np.float32(strength) * noise
        return planes + np.float32(2 * strength) * np.sqrt(planes.clip(0.02, None)) * noise


def _blur(planes: Planes, sigma: float) -> Planes:
    return gaussian_filter(planes, (0, sigma, sigma), truncate=3.0)
