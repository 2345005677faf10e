"""`relay.stalled_tab`: what the others receive while one browser reads nothing.

Twenty-one browsers watch a project on which thousands of messages are published; one of them
stops reading. The figure is the share of their messages that the twenty others received; the peer
is the same relay without a stalled browser. That the stalled one was closed is checked.
"""

from collections.abc import Iterator

from bench.measurement import Measurement
from bench.relay_contenders import OURS
from bench.relay_playing import in_front
from bench.rounds import Scale

NAMES = ("relay.stalled_tab",)

_HEALTHY = 20
_PUBLISHES = 10_000


def run(scale: Scale) -> Iterator[Measurement]:
    """Count without and with a stalled browser; counting needs no rounds."""
    publishes = scale.of(_PUBLISHES)
    without, stalled = (_share(publishes, stall=stall) for stall in (False, True))
    yield Measurement("relay.stalled_tab", stalled, "share", "no stalled tab", without)


def _share(publishes: int, *, stall: bool) -> float:
    with in_front(OURS, _HEALTHY + stall) as scene:
        if stall:
            scene.browsers.stall(_HEALTHY)
        expected = publishes * _HEALTHY
        delivery = scene.deliver(publishes, pause=0, expected=expected)
    return delivery.received.messages / expected
