"""Drawn crops: plain shapes and empty noise, which no annotated collection has."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from training.light import Planes, Random

_MOST = 40


def drawn_crop(random: Random, side: int) -> tuple[Planes, NDArray[np.int32]]:
    """Return a crop `float32[1, side, side]` of ellipses, some with a hole, and its labels.

    One in four shows nothing but noise.
    """
    labels = np.zeros((side, side), np.int32)
    light = np.zeros((side, side), np.float32)
    if random.random() < 0.75:
        size = float(np.exp(random.uniform(np.log(4), np.log(0.45 * side))))
        most = min(_MOST, 3 + int((side / size / 3) ** 2))
        for number in range(1, int(random.integers(2, most))):
            shape = _ellipse(random, side, size * random.uniform(0.7, 1.3))
            # What lies on another object would have to be guessed.
            if not (labels[shape] > 0).any():
                labels[shape] = number
                light[shape] = random.uniform(0.5, 1.1)
    blur = random.choice([0.0, 0.7, 1.5])
    light = gaussian_filter(light, blur) if blur else light
    noise = random.normal(size=light.shape).astype(np.float32)
    strength = random.choice([0.0, 0.02, 0.1]) if labels.any() else random.choice([0.0, 0.25])
    smoothness = random.choice([0.0, 1.0, 2.0])
    if smoothness:
        noise = gaussian_filter(noise, smoothness) * np.float32(2 * smoothness)
    background = 0.0 if labels.any() else random.uniform(0, 0.6)
    return (light + np.float32(background) + np.float32(strength) * noise)[np.newaxis], labels


def _ellipse(random: Random, side: int, radius: float) -> NDArray[np.bool_]:
    y, x = np.mgrid[:side, :side] - random.uniform(0, side, size=2)[:, np.newaxis, np.newaxis]
    turn, longer = random.uniform(0, np.pi), random.uniform(1, 1.5)
    along = (x * np.cos(turn) + y * np.sin(turn)) / longer
    across = (y * np.cos(turn) - x * np.sin(turn)) * longer
    distance = np.hypot(along, across)
    hole = radius * random.uniform(0.4, 0.6) if random.random() < 0.1 and radius > 12 else -1.0
    return np.asarray((distance <= radius) & (distance > hole))
