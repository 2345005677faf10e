"""How often things are measured, and in which order."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured; figures of different scales cannot be compared."""

    rounds: int = 5
    divisor: int = 1  #: Amounts are divided by this: to try a benchmark out.

    def of(self, amount: int) -> int:
        """Return *amount* at this scale."""
        return max(1, amount // self.divisor)


def interleaved(scale: Scale, *contenders: Callable[[], float]) -> list[float]:
    """Return the median figure of each contender.

    All take part in every round, so that a noisy moment meets all of them; every other round
    goes backwards, so that none always follows the same neighbour. A first round warms up
    caches and connections and is not counted.
    """
    figures: list[list[float]] = [[] for _ in contenders]
    for number in range(scale.rounds + 1):
        order = list(enumerate(contenders))
        for place, contender in order if number % 2 else reversed(order):
            figure = contender()
            if number:
                figures[place].append(figure)
    return [median(of_one) for of_one in figures]
