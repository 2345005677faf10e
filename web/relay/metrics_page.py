"""The numbers of one relay process as a Prometheus server reads them."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from web.relay.metrics import BYTES, FRAMES, Histogram, Metrics
from web.relay.relay import Relay

#: Name, sentence, label, and the counter of `Metrics`.
_BY_LABEL = (
    ("rt_handshakes", "Requests to open a socket.", "result", "handshakes"),
    ("rt_published", "Messages that arrived from Redis.", "type", "published"),
    ("rt_delivered", "Frames given to browsers.", "class", "delivered"),
    ("rt_resync", "Times browsers were told to ask again.", "reason", "resyncs"),
    ("rt_recovered", "Answers to browsers that came back.", "result", "recovered"),
    ("rt_closed", "Sockets that the relay closed.", "code", "closed"),
)
_PLAIN = (
    ("rt_conflated", "Values that a newer one replaced before they were sent.", "conflated"),
    ("rt_gap", "Times a message was missing in a channel.", "gaps"),
    ("rt_backfill_messages", "Missing messages that were read back.", "backfilled"),
)
_HISTOGRAMS = (
    ("rt_redis_lag_seconds", "From publishing to arriving here.", "lag"),
    ("rt_publish_to_send_seconds", "From publishing to the last browser's frame.", "sending"),
    ("rt_client_rtt_seconds", "From our ping to the browser's pong.", "rtt"),
    ("rt_revoke_seconds", "From the end of a share to the end of its subscriptions.", "revoke"),
    ("rt_pump_stall_seconds", "How late a timer of the process is: what keeps it busy.", "stall"),
)


class RelayCollector(Collector):
    """Reads a relay's numbers when they are asked for."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def describe(self) -> Iterable[Metric]:
        """Say nothing ahead."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        relay = self._relay
        sockets = GaugeMetricFamily("rt_connections", "Open sockets.", labels=["proc"])
        sockets.add_metric([str(os.getpid())], len(relay.registry))
        yield sockets
        yield _gauge("rt_subscriptions", "Watched channels.", "class", _subscriptions(relay))
        yield CounterMetricFamily(
            "rt_redis_reconnects",
            "Times the link to Redis was made again.",
            max(0, relay.metrics.redis_connects - 1),
        )
        yield from _waiting(relay)
        yield from _counted(relay.metrics)


def metrics_of(relay: Relay) -> bytes:
    """Return the text that Prometheus scrapes."""
    registry = CollectorRegistry()
    registry.register(RelayCollector(relay))
    return generate_latest(registry)


def _counted(metrics: Metrics) -> Iterator[Metric]:
    for name, sentence, label, field in _BY_LABEL:
        family = CounterMetricFamily(name, sentence, labels=[label])
        for key, count in getattr(metrics, field).items():
            family.add_metric([str(key)], count)
        yield family
    for name, sentence, field in _PLAIN:
        yield CounterMetricFamily(name, sentence, getattr(metrics, field))
    for name, sentence, field in _HISTOGRAMS:
        histogram: Histogram = getattr(metrics, field)
        yield histogram.to_metric(name, sentence)


def _waiting(relay: Relay) -> Iterator[Metric]:
    frames, size = Histogram(FRAMES), Histogram(BYTES)
    for session in relay.registry:
        frames.observe(len(session.inbox))
        size.observe(session.inbox.waiting_bytes)
    yield frames.to_metric("rt_queue_frames", "Frames that wait for each socket now.")
    yield size.to_metric("rt_queue_bytes", "Bytes that wait for each socket now.")


def _subscriptions(relay: Relay) -> Mapping[str, int]:
    counts: Counter[str] = Counter({"state": 0, "event": 0})
    for topic in relay.hub:
        counts["state" if topic.channel.is_state else "event"] += len(topic.readers)
    return counts


def _gauge(name: str, sentence: str, label: str, counts: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(name, sentence, labels=[label])
    for key, count in counts.items():
        family.add_metric([key], count)
    return family
