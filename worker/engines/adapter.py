"""What engines with weights of an operator have in common: one model is kept loaded."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from worker.engines.weights import Weights, weights_named


class Adapter:
    """Loads a model when it is first asked for, and keeps it until another one is."""

    def __init__(self) -> None:
        self.device = "cpu"
        self._kept: tuple[str, Any] | None = None

    def load(self, device: str) -> None:
        """Keep where to compute; which model, the first image tells."""
        self.device = device

    def close(self) -> None:
        """Let go of the model."""
        self._kept = None

    def kept(self, name: str, among: list[Weights], make: Callable[[Path], Any]) -> Any:
        """Return the model *name*, made of its path if it is not the one that is loaded."""
        if self._kept is None or self._kept[0] != name:
            self.close()  # The old one goes first: two may not fit into memory.
            self._kept = (name, make(weights_named(name, among).path))
        return self._kept[1]
