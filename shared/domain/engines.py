"""What an engine declares of itself and what it returns."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, Self

from pydantic import Field, model_validator

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


class Tiling(Wire):
    """How an engine wants images that are larger than it takes at once, in pixels."""

    side: int = Field(ge=64)  #: Of a square tile; memory grows with it.
    overlap: int = Field(ge=0)  #: Of neighbours at least; more than a usual object is wide.

    @model_validator(mode="after")
    def _advances(self) -> Self:
        if 2 * self.overlap > self.side:
            raise ValueError("tiles may overlap by half of their side at most")
        return self


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
    tiling: Tiling | None = None  #: None: it takes images of any size by itself.
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
    """A plug-in of the entry-point group `celltally.engines`.

    Its class may also have:

    - `available() -> (bool, reason)`, static: whether it can work on this machine, or why not;
    - `survey(image, **params) -> dict`: with `spec.tiling`, what every tile must know of the whole
      image, given to `segment` as further parameters;
    - `prefetch() -> str`, static: fetch its weights where there is a network, and say where to.
    """

    spec: EngineSpec

    def load(self, device: str) -> None: ...

    def segment(
        self, image: "NDArray[Any]", pixel_size_um: float | None, **params: Any
    ) -> Segmentation:
        """Outline the objects of `image: number[y, x, c]` (raw values, c >= 1)."""
        ...

    def close(self) -> None: ...
