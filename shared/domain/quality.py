"""What makes a result worth a second look, judged without knowing the truth."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.wire import Wire


class Flag(StrEnum):
    """A reason to look at an image's result again."""

    EMPTY = "empty"  #: No object was found.
    COUNT = "count"  #: Many more or fewer objects than in the project's other images.
    BORDER = "border"  #: The border cuts off most objects.
    SATURATED = "saturated"  #: Pixels at the highest value: their intensities are cut off.
    BLURRED = "blurred"  #: Less sharp than the project's other images.


TITLES = {
    Flag.EMPTY: "Nothing found",
    Flag.COUNT: "Unusual count",
    Flag.BORDER: "Cut off",
    Flag.SATURATED: "Saturated",
    Flag.BLURRED: "Blurred",
}

#: More than this share of the objects touches the border.
BORDER_LIMIT = 0.5
#: More than this share of the pixels has the highest value.
SATURATED_LIMIT = 0.01
#: Robust z: this many deviations from the median is far (Iglewicz and Hoaglin 1993).
FAR = 3.5
#: With fewer results nobody can tell what is usual in a project.
FEWEST_RESULTS = 8
#: A count this close to the median is never far: two objects, or a tenth of the median.
CLOSE_OBJECTS, CLOSE_SHARE = 2, 0.1
#: Sharpness above this share of the median is never blurred.
CLOSE_FOCUS = 0.5

#: What makes the median absolute deviation, and the mean one, a standard deviation of a normal
#: distribution (Iglewicz and Hoaglin 1993); the mean one stands in where the median one is 0.
MEDIAN_DEVIATION, MEAN_DEVIATION = 1.4826, 1.2533


class Quality(Wire):
    """What is measured of a result and its image; stored with the run."""

    border_share: float | None = None  #: Objects that touch the border; none without objects.
    saturated_share: float = 0.0
    focus: float | None = None  #: None where all pixels are the same.


@dataclass(frozen=True, slots=True)
class Spread:
    """How the values of a project's results lie: median, and deviations from it."""

    results: int
    median: float
    median_deviation: float
    mean_deviation: float

    @property
    def far(self) -> float:
        """What distance from the median is far."""
        if self.median_deviation > 0:
            return FAR * MEDIAN_DEVIATION * self.median_deviation
        return FAR * MEAN_DEVIATION * self.mean_deviation


@dataclass(frozen=True, slots=True)
class Norm:
    """What is usual in a project; None where it has too few results to tell."""

    count: float | None = None  #: The median.
    far: float | None = None  #: A count is flagged beyond this distance from the median.
    least_focus: float | None = None  #: Sharpness is flagged below this.


@dataclass(frozen=True, slots=True)
class Raised:
    """A flag that is raised, in words; *weight* is above 1, and 2 at most."""

    flag: Flag
    detail: str
    weight: float


def norm_of(counts: Spread, focus: Spread) -> Norm:
    """Return what is usual, given the object counts and log sharpness of a project's results."""
    norm = Norm()
    if counts.results >= FEWEST_RESULTS:
        close = max(CLOSE_OBJECTS, CLOSE_SHARE * counts.median)
        norm = Norm(count=counts.median, far=max(close, counts.far))
    if focus.results >= FEWEST_RESULTS:
        low = min(focus.median - focus.far, focus.median + math.log(CLOSE_FOCUS))
        norm = Norm(norm.count, norm.far, least_focus=math.exp(low))
    return norm


def flags_of(quality: Quality | None, object_count: int | None, norm: Norm) -> list[Raised]:
    """Return the flags of an image, the weightiest first; none of it without a result."""
    if object_count is None:
        return []
    found = [*_of_count(object_count, norm), *_of_image(quality or Quality(), norm)]
    return sorted(found, key=lambda raised: -raised.weight)


def suspicion_of(flags: list[Raised]) -> float:
    """Return how suspicious a result is: each flag counts 1, and up to 1 more."""
    return sum(raised.weight for raised in flags)


def weight(value: float, limit: float) -> float:
    """Return by how much *value* is beyond *limit*: above 1 just there, towards 2 far beyond."""
    return 2 - limit / value


def _of_count(count: int, norm: Norm) -> Iterator[Raised]:
    if count == 0:
        yield Raised(Flag.EMPTY, "The engine found no object.", 2.0)
    if norm.count is None or norm.far is None:
        return
    away = abs(count - norm.count)
    if away > norm.far:
        objects = "1 object" if count == 1 else f"{count:,} objects"
        detail = f"{objects}; the median of the project is {norm.count:,g}."
        yield Raised(Flag.COUNT, detail, weight(away, norm.far))


def _of_image(quality: Quality, norm: Norm) -> Iterator[Raised]:
    cut, bright, sharp = quality.border_share, quality.saturated_share, quality.focus
    if cut is not None and cut > BORDER_LIMIT:
        detail = f"{cut:.0%} of the objects touch the border: their sizes are cut off."
        yield Raised(Flag.BORDER, detail, weight(cut, BORDER_LIMIT))
    if bright > SATURATED_LIMIT:
        detail = f"{bright:.1%} of the pixels have the highest value: intensities are cut off."
        yield Raised(Flag.SATURATED, detail, weight(bright, SATURATED_LIMIT))
    if sharp is not None and norm.least_focus is not None and sharp < norm.least_focus:
        detail = "It is much less sharp than the other images of the project."
        yield Raised(Flag.BLURRED, detail, 2 - sharp / norm.least_focus)
