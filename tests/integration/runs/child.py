"""A child of a worker, whose engine does what the test decides."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np

from shared.domain.engines import Segmentation
from shared.domain.provenance import Environment
from shared.domain.runs import Claimant
from shared.storage import Storage
from tests.integration.lab import Lab, spec_of
from worker.segmenting import EngineTurns, carry_out
from worker.turns import FreeTurns

Found = Callable[[np.ndarray], Segmentation]


class TimeIsUpError(Exception):
    """What the time limit of a task raises here."""


def bright(image: np.ndarray) -> Segmentation:
    """Find two objects in any picture."""
    labels = np.zeros(image.shape[:2], np.uint32)
    labels[2:4, 2:4] = 1
    labels[2:4, 6:8] = 2
    return Segmentation(labels)


def nothing_found(image: np.ndarray) -> Segmentation:
    return Segmentation(np.zeros(image.shape[:2], np.uint32))


@dataclass
class FakeEngines:
    """One engine whose work the test decides."""

    find: Found = bright
    spec: Any = field(default_factory=lambda: spec_of("noop"))
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def get(self, name: str) -> "FakeEngines":
        self.name = name
        return self

    def call(self, image: np.ndarray, pixel_size_um: float | None, **params: Any) -> Segmentation:
        self.asked.append((self.name, params))
        return self.find(image)

    def accept(self, found: Segmentation, image: np.ndarray) -> Segmentation:
        return found


@dataclass
class Child:
    """What a child process works with."""

    lab: Lab
    storage: Storage
    engines: FakeEngines
    turns: EngineTurns = field(default_factory=FreeTurns)
    environment: Environment = field(default_factory=lambda: Environment({"celltally": "test"}))

    @property
    def database(self) -> object:
        return self.lab.database

    def carry_out(self, run_id: UUID, *, pid: int = 1, lease: int = 45) -> bool:
        return carry_out(
            self,
            run_id,
            Claimant("w1", pid, lease_seconds=lease, environment=self.environment.digest),
            is_timeout=lambda problem: isinstance(problem, TimeIsUpError),
        )

    def results(self) -> list[str]:
        return list(self.storage.list("results/"))
