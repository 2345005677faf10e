"""The network: a residual U-Net from half resolution down, with added skips."""

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional

from worker.engines.net import layout
from worker.engines.net.pixels import INPUTS

#: Channels from half resolution down to a 32nd.
WIDTHS = (32, 64, 128, 160, 192)
#: Residual units on the way down and on the way up, for each of them.
DOWN_UNITS = (1, 1, 2, 2, 2)
UP_UNITS = (1, 1, 1, 1)
HEAD = 48


class Unit(nn.Module):
    """A residual 3 x 3 convolution."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x + self.norm(self.conv(x)))


class Step(nn.Module):
    """A convolution to another width, halving the grid if *kernel* is not 3 or 1."""

    def __init__(self, narrow: int, wide: int, *, kernel: int, stride: int) -> None:
        super().__init__()
        padding = (kernel - stride + 1) // 2
        self.conv = nn.Conv2d(narrow, wide, kernel, stride, padding, bias=False)
        self.norm = nn.BatchNorm2d(wide)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.norm(self.conv(x)))


class Rise(nn.Module):
    """A 1 x 1 convolution to the width of the finer grid, doubled in size."""

    def __init__(self, wide: int, narrow: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(wide, narrow, 1, bias=False)
        self.norm = nn.BatchNorm2d(narrow)

    def forward(self, x: Tensor) -> Tensor:
        return functional.interpolate(self.norm(self.conv(x)), scale_factor=2.0, mode="nearest")


class CelltallyNet(nn.Module):
    """`float32[n, INPUTS, y, x]`, sides by STRIDE, to `[n, CHANNELS, y / GRID, x / GRID]`."""

    def __init__(self) -> None:
        super().__init__()
        steps = [Step(INPUTS, WIDTHS[0], kernel=6, stride=2)]
        steps += [
            Step(narrow, wide, kernel=3, stride=2) for narrow, wide in itertools.pairwise(WIDTHS)
        ]
        self.steps = nn.ModuleList(steps)
        self.down = nn.ModuleList(
            nn.Sequential(*(Unit(width) for _ in range(count)))
            for width, count in zip(WIDTHS, DOWN_UNITS, strict=True)
        )
        self.rises = nn.ModuleList(
            Rise(wide, narrow) for narrow, wide in itertools.pairwise(WIDTHS)
        )
        self.up = nn.ModuleList(
            nn.Sequential(*(Unit(width) for _ in range(count)))
            for width, count in zip(WIDTHS[:-1], UP_UNITS, strict=True)
        )
        self.head = Step(WIDTHS[0], HEAD, kernel=3, stride=1)
        self.answer = nn.Conv2d(HEAD, layout.CHANNELS, 1)
        nn.init.zeros_(self.answer.bias)

    def forward(self, image: Tensor) -> Tensor:
        x, skips = image, []
        for step, units in zip(self.steps, self.down, strict=True):
            x = units(step(x))
            skips.append(x)
        for rise, units, skip in zip(
            reversed(self.rises), reversed(self.up), reversed(skips[:-1]), strict=True
        ):
            x = units(functional.relu(skip + rise(x)))
        answer: Tensor = self.answer(self.head(x))
        return answer


def parameter_count(network: nn.Module) -> int:
    """Return the number of trained values."""
    return sum(parameter.numel() for parameter in network.parameters())


def device_of(network: nn.Module) -> torch.device:
    """Return where the network lives."""
    return next(network.parameters()).device
