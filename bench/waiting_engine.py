"""An engine that takes 100 ms, as a small model on an accelerator does, and finds 20 disks."""

import time
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.domain.engines import EngineSpec, Modality, Segmentation

SECONDS = 0.1
SIDE = 512
_SPACING, _RADIUS = 100, 20


class Waiting:
    """Does not compute, so that the machine's cores are free for what is measured."""

    spec = EngineSpec(
        name="waiting",
        version="1",
        title="Waits 100 ms",
        licence="MIT",
        modalities=[Modality.ANY],
        params={"type": "object", "properties": {}},
    )

    def load(self, device: str) -> None:
        """Load nothing."""

    def segment(
        self, image: NDArray[Any], pixel_size_um: float | None, **params: Any
    ) -> Segmentation:
        """Return the disks that `drawn_image` has, after 100 ms."""
        time.sleep(SECONDS)
        return Segmentation(labels=disks())

    def close(self) -> None:
        """Let go of nothing."""


@cache
def disks() -> NDArray[np.uint32]:
    """Return the labels of 20 disks."""
    labels = np.zeros((SIDE, SIDE), np.uint32)
    y, x = np.mgrid[:SIDE, :SIDE]
    for number in range(20):
        down, across = divmod(number, 5)
        centre_y, centre_x = (_SPACING * down + _SPACING, _SPACING * across + _SPACING // 2)
        labels[(y - centre_y) ** 2 + (x - centre_x) ** 2 <= _RADIUS**2] = number + 1
    return labels


def drawn_image() -> NDArray[np.uint8]:
    """Return the disks as bright objects with some noise."""
    noise = np.random.default_rng(1).normal(20, 4, (SIDE, SIDE))
    return np.asarray(np.clip(noise + 150 * (disks() > 0), 0, 255), np.uint8)
