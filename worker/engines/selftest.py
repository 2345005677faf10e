"""Whether an engine does on this machine what it does elsewhere, on an image that is known."""

import time
from dataclasses import dataclass

from shared.domain.engines import Modality
from shared.domain.errors import CelltallyError
from shared.samples.catalogue import SAMPLES, Sample
from worker.engines.known_images import KnownImage, drawn_sample
from worker.engines.registry import InstalledEngine, engine_class


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of the test, in words."""

    engine: str
    passed: bool
    words: str


def self_test(engine: InstalledEngine) -> Verdict:
    """Have the engine outline the image whose objects it knows, or one of its kind.

    What the engine names itself (`known_image`) must be counted exactly. With weights that
    somebody else chose nobody can tell how many will be found: then it must only work.
    """
    known = getattr(engine_class(engine.name), "known_image", None) if engine.available else None
    given: KnownImage = drawn_sample(_sample_for(engine).filename) if known is None else known()
    began = time.perf_counter()
    try:
        loaded = engine.load()
        found = int(loaded.segment(given.image, None).labels.max(initial=0))
        loaded.close()
    except (CelltallyError, MemoryError) as refusal:
        return Verdict(engine.name, passed=False, words=str(refusal) or "not enough memory")
    seconds = time.perf_counter() - began
    passed = known is None or found == given.objects
    words = f"{found} of {given.objects} objects in {seconds:.2f} s"
    return Verdict(engine.name, passed=passed, words=words if passed else f"{words}: wrong")


def _sample_for(engine: InstalledEngine) -> Sample:
    """Return a drawn image of a kind that the engine is made for."""
    kinds = [] if engine.spec is None else engine.spec.modalities
    drawn = [sample for sample in SAMPLES if sample.drawn]
    fitting = [sample for sample in drawn if sample.modality in kinds]
    nuclei = [sample for sample in drawn if sample.modality is Modality.NUCLEI_FLUO]
    return (fitting or nuclei)[0]
