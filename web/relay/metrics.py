"""What a relay counts, as plain numbers: the text of Prometheus is made when it asks."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from prometheus_client.core import HistogramMetricFamily, Metric

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
FRAMES = (0.0, 1.0, 4.0, 16.0, 64.0, 256.0)
BYTES = (0.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0)  #: FRAMES and these: what waits.


class Histogram:
    """How often a figure fell between two bounds."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: Sequence[float] = SECONDS) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, figure: float) -> None:
        """Count one figure."""
        self._counts[bisect_left(self._bounds, figure)] += 1
        self._sum += figure

    def to_metric(self, name: str, sentence: str) -> Metric:
        """Return it as Prometheus has it: each bucket counts all below its bound."""
        total, buckets = 0, []
        for bound, count in zip((*map(str, self._bounds), "+Inf"), self._counts, strict=True):
            total += count
            buckets.append((bound, float(total)))
        family = HistogramMetricFamily(name, sentence)
        family.add_metric([], buckets, self._sum)
        return family


class Metrics:
    """The numbers of one relay process since it started."""

    __slots__ = (
        "backfilled",
        "closed",
        "conflated",
        "delivered",
        "gaps",
        "handshakes",
        "lag",
        "published",
        "recovered",
        "redis_connects",
        "resyncs",
        "revoke",
        "rtt",
        "sending",
        "stall",
    )

    def __init__(self) -> None:
        self.handshakes: Counter[str] = Counter()  #: By result.
        self.published: Counter[str] = Counter()  #: By type, as they arrive.
        self.delivered: Counter[str] = Counter()  #: By class: state or event.
        self.resyncs: Counter[str] = Counter()  #: By reason.
        self.recovered: Counter[str] = Counter()  #: By result: yes or no.
        self.closed: Counter[int] = Counter()  #: By code.
        self.conflated = 0
        self.gaps = 0
        self.backfilled = 0
        self.redis_connects = 0  #: The first one is no reconnect.
        self.lag = Histogram()
        self.sending = Histogram()
        self.rtt = Histogram()
        self.revoke = Histogram()
        self.stall = Histogram()

    def arrived(self, body: bytes, now: float) -> float | None:
        """Count a message from Redis by its type; return when it was published, if it says so."""
        try:
            self.published[_between(b'"type":"', body)] += 1
            published = datetime.fromisoformat(_between(b'"ts":"', body)).timestamp()
        except ValueError:
            return None
        self.lag.observe(max(0.0, now - published))
        return published


def _between(mark: bytes, body: bytes) -> str:
    start = body.index(mark) + len(mark)
    return body[start : body.index(b'"', start)].decode()
