"""What an engine declares of itself and what it returns."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import Field

from shared.domain.wire import Wire

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Modality(StrEnum):
    """The kind of picture an engine is made for."""

    NUCLEI_FLUO = "nuclei_fluo"
    NUCLEI_STAINED = "nuclei_stained"
    CELLS_PHASE = "cells_phase"
    SPHEROID_BF = "spheroid_bf"
    ANY = "any"


class EngineQueue(StrEnum):
    """Which workers an engine needs."""

    CPU = "cpu"
    GPU = "gpu"

    @property
    def celery_queue(self) -> str:
        return f"segment.{self}"


#: No engine may take longer for an image.
LONGEST_SECONDS = 280


class Limits(Wire):
    """What one image may cost; beyond it the image fails, never the worker.

    Both times count from the moment the engine begins: an engine is interrupted at the soft
    limit, and its process ended at the hard one if it did not listen.
    """

    soft_seconds: int = Field(default=120, ge=1, le=LONGEST_SECONDS - 10)
    hard_seconds: int = Field(default=150, ge=1, le=LONGEST_SECONDS)
    max_pixels: int = Field(default=100_000_000, ge=1)


class EngineSpec(Wire):
    """An engine's declaration; stored by each worker that has it, so web need not import it."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    version: str
    title: str
    licence: str
    modalities: list[Modality]
    default: list[Modality] = Field(default_factory=list)  #: Where it is the choice of the house.
    params: dict[str, Any]  #: JSON Schema of its parameters, with defaults.
    citation: str = ""
    deterministic: bool = True
    queue: EngineQueue = EngineQueue.CPU
    limits: Limits = Limits()
    weights: str | None = None
    weights_sha256: str | None = None

    def defaults(self) -> dict[str, Any]:
        """Return the value of every parameter that has a default."""
        properties = self.params.get("properties", {})
        return {name: p["default"] for name, p in properties.items() if "default" in p}


@dataclass(frozen=True, slots=True)
class Segmentation:
    """What an engine found.

    `labels: uint32[y, x]`, 0 is background, objects are 1..N without a gap;
    `scores: float[N]` in 0..1, the score of label `i` at `i - 1`, or None where
    the method has none.
    """

    labels: "NDArray[np.uint32]"
    scores: "NDArray[np.float64] | None" = field(default=None)


class Engine(Protocol):
    """A plug-in of the entry-point group `celltally.engines`."""

    spec: EngineSpec

    def load(self, device: str) -> None: ...

    def segment(
        self, image: "NDArray[Any]", pixel_size_um: float | None, **params: Any
    ) -> Segmentation:
        """Outline the objects of `image: number[y, x, c]` (raw values, c >= 1)."""
        ...

    def close(self) -> None: ...
