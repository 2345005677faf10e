"""`relay.handshakes`: browsers let in a second, two hundred at a time.

A handshake is the connection, the upgrade, hello with a ticket that is taken out of Redis, the
welcome, and the subscription to one channel of one's own. Both sides do all of it.
"""

from collections.abc import Iterator
from statistics import median

from bench.measurement import Measurement
from bench.relay_contenders import NODE, OURS, node_is_here
from bench.relay_playing import playing, turns
from bench.relay_stage import Contender, stage_of
from bench.rounds import Scale

NAMES = ("relay.handshakes",)

_BROWSERS = 2000
_WARM = 50


def run(scale: Scale) -> Iterator[Measurement]:
    """Start a server, let some in, then count; a fresh one each round."""
    if not node_is_here():
        return
    browsers = scale.of(_BROWSERS)
    rates = turns(scale, [lambda side=side: _rate(side, browsers) for side in (OURS, NODE)])
    ours, theirs = map(median, rates)
    yield Measurement("relay.handshakes", ours, "per-s", NODE.name, theirs)


def _rate(side: Contender, browsers: int) -> float:
    with stage_of(browsers + _WARM) as stage, playing(stage, side) as scene:
        visits = stage.greetings(side)
        scene.browsers.open(visits[:_WARM])
        return browsers / scene.browsers.open(visits[_WARM:])
