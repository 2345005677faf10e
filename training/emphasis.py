"""What a run is shown more often than the rest."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.domain.engines import Modality
from training.examples import Example

#: How often a crop is of each kind: what is rare in the collection is rare nowhere else.
SHARES = {
    Modality.NUCLEI_FLUO: 0.42,
    Modality.NUCLEI_STAINED: 0.22,
    Modality.CELLS_PHASE: 0.31,
    Modality.ANY: 0.05,
}
#: Cells in phase contrast that measure so many pixels are seen as often as empty fields.
_USUAL_CELL = 60.0


@dataclass(frozen=True, slots=True)
class Emphasis:
    """How much cells in phase contrast are preferred, and small ones among them.

    `phase` is their share of the crops; all other kinds give way alike. Pictures of them are
    chosen by their objects' diameter to the power `-small`: at 2, cells of half the size are
    seen four times as often; at 0, all sizes alike.
    """

    phase: float = SHARES[Modality.CELLS_PHASE]
    small: float = 0.0

    def shares(self) -> dict[Modality, float]:
        """Return how often a crop is of each kind."""
        others = (1 - self.phase) / (1 - SHARES[Modality.CELLS_PHASE])
        shares = {modality: share * others for modality, share in SHARES.items()}
        return shares | {Modality.CELLS_PHASE: self.phase}

    def chances(self, pool: list[Example]) -> NDArray[np.float64]:
        """Return how often each picture in *pool*, all of one kind, is chosen.

        A group counts as the root of its size, so that plates with many fields do not drown
        the others; in a group a large picture counts as the root of its area.
        """
        sizes: dict[str, int] = {}
        for example in pool:
            sizes[example.group] = sizes.get(example.group, 0) + 1
        weights = np.array(
            [
                sizes[example.group] ** -0.5 * example.labels.size**0.25 * self._preference(example)
                for example in pool
            ]
        )
        return weights / weights.sum()

    def _preference(self, example: Example) -> float:
        # Nuclei stay as they are; a field without cells has no size to be preferred for.
        if example.modality is not Modality.CELLS_PHASE or not example.diameter:
            return 1.0
        return (example.diameter / _USUAL_CELL) ** -self.small
