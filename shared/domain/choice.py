"""Which engine is chosen when nobody names one, and why."""

from collections.abc import Iterable

from pydantic import Field

from shared.domain.engines import EngineSpec, Modality
from shared.domain.wire import Wire

#: What each kind of picture looks like, to people.
LOOKS = {
    Modality.NUCLEI_FLUO: "fluorescent nuclei (bright on dark)",
    Modality.NUCLEI_STAINED: "nuclei in stained tissue (dark on bright)",
    Modality.CELLS_PHASE: "cells in phase contrast (grainy on grey)",
    Modality.SPHEROID_BF: "spheroids in brightfield (few large dark bodies)",
    Modality.ANY: "none of the kinds that are known",
}


#: As the name of an engine: the same as none.
AUTOMATIC = "auto"


class Choice(Wire):
    """What an engine was chosen by: the kind of picture that most of the project's images are.

    Stored on every run that was asked for without an engine, so that its result says why.
    """

    modality: Modality | None = None  #: None: no image of the project was looked at.
    images: int = Field(default=0, ge=0)  #: How many images look like it,
    of: int = Field(default=0, ge=0)  #: of so many that were looked at.

    @property
    def reason(self) -> str:
        """The choice in words."""
        if self.modality is None:
            return "The first images will decide."
        looks = LOOKS[self.modality]
        if self.of == 1:
            return f"The one image looks like {looks}."
        verb = "looks" if self.images == 1 else "look"
        return f"{self.images:,} of {self.of:,} images {verb} like {looks}."


def default_engine(specs: Iterable[EngineSpec], modality: Modality | None) -> EngineSpec | None:
    """Return the house's choice among *specs* for a kind of picture; None if there are none.

    Where no engine is the default of the kind, that of any kind is taken, and else the first.
    """
    known = list(specs)
    for wanted in (modality, Modality.ANY):
        for spec in known:
            if wanted in spec.default:
                return spec
    return known[0] if known else None
