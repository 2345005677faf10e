"""What networks say of each pixel, turned into labels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from skimage.measure import label
from skimage.segmentation import watershed

from worker.engines.regions import holes_filled, large_ones

Map = NDArray[np.float32]
Labels = NDArray[np.uint32]

_DISTANCE_BLUR = 1.0
_LEAST_MARKER = 4


def probability(values: NDArray[Any], *, logits: bool) -> Map:
    """Return *values* as probabilities; a logit x is the probability 1 / (1 + exp(-x))."""
    plain = np.asarray(values, np.float32)
    if not logits:
        return plain
    return np.asarray(0.5 * (1 + np.tanh(0.5 * plain)), np.float32)


def from_foreground(foreground: Map, threshold: float) -> Labels:
    """Return the connected parts above *threshold* as 1..N."""
    return np.asarray(label(foreground > threshold, connectivity=1), np.uint32)


def from_boundary(foreground: Map, boundary: Map, threshold: float) -> Labels:
    """Return the parts that boundaries leave apart, grown to the whole foreground."""
    inside = label((foreground - boundary) > threshold, connectivity=1)
    whole = foreground > threshold
    return _with_the_rest(watershed(boundary, inside, mask=whole), whole)


def from_distance(foreground: Map, distance: Map, threshold: float, peak: float) -> Labels:
    """Return the watershed of *distance* (0 at an object's edge, 1 in its middle).

    What is smoothed above *peak* marks an object.
    """
    whole = foreground > threshold
    high = (gaussian_filter(distance, _DISTANCE_BLUR) > peak) & whole
    markers = large_ones(label(high, connectivity=1), _LEAST_MARKER)
    return _with_the_rest(watershed(-distance, markers, mask=whole), whole)


def cleaned(labels: NDArray[Any], *, min_area: float, max_hole_area: float) -> Labels:
    """Return *labels* as 1..N without small objects, small holes of what is left filled."""
    kept = large_ones(labels, min_area)
    mask = kept > 0
    filled = holes_filled(mask, max_hole_area) & ~mask
    if not filled.any():
        return kept
    # A small hole belongs to whom it lies in: grow into the holes alone.
    return np.asarray(
        watershed(np.zeros(mask.shape, np.uint8), kept, mask=mask | filled), np.uint32
    )


def mean_in_objects(values: Map, labels: Labels) -> NDArray[np.float64]:
    """Return the mean of *values*, cut to 0..1, in each object: a score."""
    flat = labels.ravel()
    count = int(labels.max(initial=0))
    sums = np.bincount(flat, weights=values.clip(0, 1).ravel(), minlength=count + 1)
    areas = np.bincount(flat, minlength=count + 1)
    return np.asarray(sums[1:] / areas[1:])


def _with_the_rest(labels: NDArray[Any], whole: NDArray[np.bool_]) -> Labels:
    """Return *labels*, and the parts of the foreground that no marker reached as objects."""
    rest = label(whole & (labels == 0), connectivity=1)
    return np.where(rest > 0, rest + labels.max(initial=0), labels).astype(np.uint32)
