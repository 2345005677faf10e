"""A moving average of weights, which is steadier than the last of them."""

import copy

import torch
from torch import nn


class Average:
    """The exponential average of a network over its last steps, `1 / (1 - decay)` or so."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).eval()
        self._decay = decay
        self._steps = 0

    @torch.no_grad()
    def follow(self, network: nn.Module) -> None:
        """Move a little towards the weights of *network*; further while it is young."""
        self._steps += 1
        decay = min(self._decay, self._steps / (self._steps + 10))
        newest = network.state_dict()
        for name, value in self.network.state_dict().items():
            if value.dtype.is_floating_point:
                value.lerp_(newest[name], 1 - decay)
            else:
                value.copy_(newest[name])
