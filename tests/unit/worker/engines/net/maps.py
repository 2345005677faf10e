"""Answers that a perfect network would give for labels that are known."""

import numpy as np
from numpy.typing import NDArray

from training.targets import targets_of
from worker.engines.net.layout import RAYS
from worker.engines.net.network import Maps

SURE = 8.0


def perfect_maps(labels: NDArray[np.int32]) -> Maps:
    """Return maps of `labels[y, x]`, sides even."""
    truth = targets_of(labels)
    peak = np.log(truth.peak.clip(1e-3, 1 - 1e-3) / (1 - truth.peak.clip(1e-3, 1 - 1e-3)))
    return Maps(
        peak=peak.astype(np.float32),
        middle=truth.middle.astype(np.float16),
        inside=np.where(truth.inside, SURE, -SURE).astype(np.float16),
        touch=np.where(truth.touch, SURE, -SURE).astype(np.float16),
        places=np.arange(truth.peak.size),
        distances=truth.distances.reshape(RAYS, -1).T.astype(np.float16),
    )
