"""How much was done in each step of a span of time."""

from datetime import timedelta
from enum import StrEnum

from shared.domain.wire import Timestamp, Wire

_LENGTHS = {
    "1h": (timedelta(hours=1), timedelta(minutes=1)),
    "24h": (timedelta(hours=24), timedelta(minutes=15)),
    "7d": (timedelta(days=7), timedelta(hours=2)),
}


class Span(StrEnum):
    """How far a chart of throughput looks back."""

    HOUR = "1h"
    DAY = "24h"
    WEEK = "7d"

    @property
    def length(self) -> timedelta:
        return _LENGTHS[self][0]

    @property
    def step(self) -> timedelta:
        return _LENGTHS[self][1]


class ThroughputPoint(Wire):
    """What happened in the step that begins at `at`."""

    at: Timestamp
    uploaded: int
    segmented: int  #: Images whose current result became another.
    run_ms: int  #: The durations of the runs that made these results, summed.


class Throughput(Wire):
    """A user's own projects over one span; the last step is not over yet."""

    span: Span
    step_seconds: int
    points: list[ThroughputPoint]
    before: list[ThroughputPoint]  #: As many steps, right before.
