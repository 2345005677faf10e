"""How far an answer is from the truth."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from worker.engines.net import layout


@dataclass(frozen=True, slots=True)
class Truth:
    """Targets of a batch; see `training.targets.Targets`, with one more axis in front."""

    peak: Tensor
    distances: Tensor
    middle: Tensor
    inside: Tensor
    touch: Tensor
    known: Tensor


@dataclass(frozen=True, slots=True)
class Loss:
    """The parts, each about 1 before training."""

    peak: Tensor
    distances: Tensor
    middle: Tensor
    inside: Tensor
    touch: Tensor

    def total(self) -> Tensor:
        """Return what is minimised; the weights were set once and not searched."""
        return (
            2.0 * self.peak
            + 1.0 * self.distances
            + 0.5 * self.middle
            + 1.0 * self.inside
            + 0.5 * self.touch
        )


def loss_of(answer: Tensor, truth: Truth) -> Loss:
    """Return the loss of an *answer* `[n, CHANNELS, gy, gx]`."""
    known = truth.known[:, :: layout.GRID, :: layout.GRID]
    peak = functional.binary_cross_entropy_with_logits(
        answer[:, layout.PEAK], truth.peak, reduction="none"
    )
    # Only objects have distances and a middle; most places are none.
    places = torch.nonzero((truth.peak > 0) & known, as_tuple=True)
    height, true_distances = truth.peak[places], _at(truth.distances, places)
    # In units of the object: a pixel matters to a small one. Two keep the tiniest tame.
    size = true_distances.mean(dim=1, keepdim=True) + 2
    distances = functional.softplus(_at(answer[:, layout.DISTANCES], places)) * layout.REACH
    way = _at(answer[:, layout.MIDDLE], places) * layout.REACH - _at(truth.middle, places)
    off = ((distances - true_distances).abs() / size).mean(dim=1)
    return Loss(
        peak=_mean(peak, known),
        distances=_mean(off, height + 0.1),
        middle=(way.abs() / size).sum() / (2 * len(height) + 1),
        inside=_of_pixels(answer[:, layout.INSIDE], truth.inside, truth.known),
        touch=_touch(answer[:, layout.TOUCH], truth),
    )


def _at(maps: Tensor, places: tuple[Tensor, ...]) -> Tensor:
    """Return `[n, channels]` of `maps[batch, channels, y, x]`."""
    batch, y, x = places
    return maps[batch, :, y, x]


def _of_pixels(squares: Tensor, truth: Tensor, known: Tensor) -> Tensor:
    """Return cross-entropy plus 1 - Dice of each pixel's logit."""
    logits = functional.pixel_shuffle(squares, layout.GRID)[:, 0]
    wanted = truth.float()
    entropy = _mean(
        functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none"), known
    )
    share = torch.sigmoid(logits) * known
    both = (share * wanted).sum() + 1
    return entropy + 1 - 2 * both / (share.sum() + (wanted * known).sum() + 2)


def _touch(squares: Tensor, truth: Truth) -> Tensor:
    """Return the cross-entropy where objects are: nowhere else two can touch."""
    logits = functional.pixel_shuffle(squares, layout.GRID)[:, 0]
    entropy = functional.binary_cross_entropy_with_logits(
        logits, truth.touch.float(), reduction="none"
    )
    return _mean(entropy, (truth.inside & truth.known) * (1 + 4 * truth.touch.float()))


def _mean(values: Tensor, weights: Tensor) -> Tensor:
    return (values * weights).sum() / (weights.sum() + 1)
