"""`segment.<engine>.s_per_mpx`: what the checks around an engine cost.

Ours is the engine as a worker has it: parameters checked, large images in tiles, labels connected
and numbered. The peer is the engine alone in the same process, with the same parameters. Both get
the same drawn image, whose objects are of the engine's kind; one thread.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.measurement import Measurement
from bench.rounds import Scale, interleaved
from shared.domain.engines import Engine, Modality
from shared.samples.drawing import nuclei, spheroids
from worker.engines.checked import CheckedEngine
from worker.engines.registry import InstalledEngine, discover, engine_class

_SIDE = 1024
_NUCLEI, _SPHEROIDS = 260, 7


def _measured() -> list[InstalledEngine]:
    """Return the engines of the house: others need weights that only their owner has."""
    return [e for e in discover() if e.available and hasattr(engine_class(e.name), "known_image")]


NAMES = tuple(f"segment.{engine.name}.s_per_mpx" for engine in _measured())


def run(scale: Scale) -> Iterator[Measurement]:
    """Measure every engine of the house."""
    side = max(256, _SIDE // scale.divisor)
    for installed in _measured():
        engine: Engine = engine_class(installed.name)()
        engine.load("cpu")
        image = _drawn(installed, side)
        defaults = engine.spec.defaults()
        checked = CheckedEngine(engine)
        ours, alone = interleaved(
            scale,
            _seconds_per_mpx(lambda: checked.segment(image, None), image),  # noqa: B023
            _seconds_per_mpx(lambda: engine.segment(image, None, **defaults), image),  # noqa: B023
        )
        engine.close()
        name = f"segment.{installed.name}.s_per_mpx"
        yield Measurement(name, ours, "s", "the engine alone", alone)


def _drawn(installed: InstalledEngine, side: int) -> NDArray[Any]:
    kinds = [] if installed.spec is None else installed.spec.modalities
    share = (side / _SIDE) ** 2
    if Modality.NUCLEI_FLUO in kinds:
        return nuclei(max(1, round(_NUCLEI * share)), side)[:, :, np.newaxis]
    return spheroids(max(1, round(_SPHEROIDS * share)), side)[:, :, np.newaxis]


def _seconds_per_mpx(work: Callable[[], object], image: NDArray[Any]) -> Callable[[], float]:
    megapixels = image.shape[0] * image.shape[1] / 1e6

    def seconds() -> float:
        began = time.process_time()
        work()
        return (time.process_time() - began) / megapixels

    return seconds
