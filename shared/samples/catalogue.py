"""What the sample images are and where they lie, whichever way celltally was installed."""

from dataclasses import dataclass
from pathlib import Path

from shared.domain.engines import Modality


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample image; `objects` is the true count, known of drawn pictures alone."""

    filename: str
    modality: Modality
    objects: int | None = None

    @property
    def drawn(self) -> bool:
        return self.objects is not None

    @property
    def path(self) -> Path:
        return Path(__file__).parent / self.filename


SAMPLES = (
    Sample("drawn_nuclei_1.tif", Modality.NUCLEI_FLUO, 24),
    Sample("drawn_nuclei_2.tif", Modality.NUCLEI_FLUO, 40),
    Sample("drawn_nuclei_3.tif", Modality.NUCLEI_FLUO, 60),
    Sample("drawn_spheroids_1.png", Modality.SPHEROID_BF, 3),
    Sample("drawn_spheroids_2.png", Modality.SPHEROID_BF, 5),
    Sample("cell.png", Modality.ANY),
    Sample("ihc.png", Modality.NUCLEI_STAINED),
)
