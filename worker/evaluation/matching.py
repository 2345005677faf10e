"""Which outlined object is which true one, and the scores that follow from it.

True and found objects are matched one to one, as many pairs of at least a given intersection over
union (IoU) as can be, and among those the pairs that overlap most (Hungarian method, as StarDist's
`matching` does). TP are the pairs, FP the found objects without a partner, FN the true ones:

- F1 = 2 TP / (2 TP + FP + FN), at IoU 0.5;
- AP = TP / (TP + FP + FN), averaged over IoU 0.50, 0.55 … 0.95: the convention of the Data Science
  Bowl 2018 and of StarDist, not the area under a curve that COCO means by the name;
- PQ = sum of the pairs' IoU / (TP + FP / 2 + FN / 2), at IoU 0.5 (A. Kirillov et al., Panoptic
  Segmentation, CVPR 2019);
- Dice = 2 |A and B| / (|A| + |B|) of the pixels that belong to any object.

Where neither has an object, all of them are 1.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

#: The thresholds of IoU that AP is averaged over.
AP_THRESHOLDS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
F1_THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class Score:
    """How well one image was outlined; each figure is 1 at best and 0 at worst."""

    true: int  #: How many objects there are.
    found: int  #: And how many were outlined.
    matched: int  #: True positives at IoU 0.5.
    f1: float
    ap50: float
    ap: float
    pq: float
    dice: float


def score(truth: NDArray[Any], labels: NDArray[Any]) -> Score:
    """Return how well *labels* `[y, x]` outline the objects of *truth* `[y, x]`; 0 is background.

    Raises ValueError if their shapes differ.
    """
    if truth.shape != labels.shape:
        raise ValueError(f"the truth has shape {truth.shape} and the labels have {labels.shape}")
    iou = intersection_over_union(truth, labels)
    true, found = iou.shape
    pairs = {threshold: matched_ious(iou, threshold) for threshold in AP_THRESHOLDS}
    kept = pairs[F1_THRESHOLD]
    half = (true + found) / 2  # TP + FP / 2 + FN / 2
    return Score(
        true=true,
        found=found,
        matched=len(kept),
        f1=_share(len(kept), half),
        ap50=_precision(kept, true, found),
        ap=float(np.mean([_precision(each, true, found) for each in pairs.values()])),
        pq=_share(float(kept.sum()), half),
        dice=_dice(truth > 0, labels > 0),
    )


def intersection_over_union(truth: NDArray[Any], labels: NDArray[Any]) -> NDArray[np.float64]:
    """Return `iou[true, found]` of every object with every other; labels may have gaps."""
    true, first = _numbered(truth)
    found, second = _numbered(labels)
    both = np.bincount(
        (first * (found + 1) + second).ravel(), minlength=(true + 1) * (found + 1)
    ).reshape(true + 1, found + 1)
    union = both.sum(1, keepdims=True) + both.sum(0, keepdims=True) - both
    return np.asarray(both[1:, 1:] / union[1:, 1:])


def matched_ious(iou: NDArray[np.float64], threshold: float) -> NDArray[np.float64]:
    """Return the IoU of each pair that is matched at *threshold*."""
    if iou.size == 0 or iou.max() < threshold:
        return np.zeros(0)
    # One pair more is worth more than any overlap of all the others.
    gain = (iou >= threshold) + iou / (2 * min(iou.shape))
    paired = iou[linear_sum_assignment(gain, maximize=True)]
    return np.asarray(paired[paired >= threshold])


def _numbered(labels: NDArray[Any]) -> tuple[int, NDArray[np.int64]]:
    """Return how many objects there are, and the labels as 0..N without a gap."""
    values, places = np.unique(labels, return_inverse=True)
    places = places.reshape(labels.shape).astype(np.int64)
    if values[0] == 0:
        return len(values) - 1, places
    return len(values), places + 1


def _precision(kept: NDArray[np.float64], true: int, found: int) -> float:
    return _share(len(kept), true + found - len(kept))


def _dice(truth: NDArray[np.bool_], found: NDArray[np.bool_]) -> float:
    return _share(2 * int((truth & found).sum()), int(truth.sum()) + int(found.sum()))


def _share(part: float, whole: float) -> float:
    return 1.0 if whole == 0 else part / whole
