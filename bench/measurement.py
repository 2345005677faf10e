"""One figure beside its peer's, and the goal it is held to."""

import operator
from dataclasses import dataclass

_COMPARE = {"<=": operator.le, ">=": operator.ge}


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound on the figure itself or on its ratio to the peer's."""

    bounded: str  #: "ratio" or "value".
    comparison: str  #: "<=" or ">=".
    bound: float

    def __str__(self) -> str:
        return f"{self.bounded} {self.comparison} {self.bound:g}"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One figure; *name* is one of contract.md section 6."""

    name: str
    value: float
    unit: str
    peer: str
    peer_value: float

    @property
    def ratio(self) -> float:
        """Ours over the peer's."""
        return self.value / self.peer_value

    def meets(self, goal: Goal) -> bool:
        """Tell whether the figure keeps to *goal*."""
        figure = self.ratio if goal.bounded == "ratio" else self.value
        return bool(_COMPARE[goal.comparison](figure, goal.bound))

    def line(self) -> str:
        """Return the figure as one line of six words: name value unit peer value ratio."""
        peer = "-".join(self.peer.split())
        return (
            f"{self.name} {self.value:.4g} {self.unit} {peer} {self.peer_value:.4g}"
            f" {self.ratio:.3g}"
        )

    def to_json(self, goal: Goal | None) -> dict[str, object]:
        """Return the figure as it stands in results.json."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "peer": self.peer,
            "peerValue": self.peer_value,
            "ratio": self.ratio,
            "goal": None if goal is None else str(goal),
            "met": None if goal is None else self.meets(goal),
        }
