"""`relay.cpu_per_delivery.1k`, `relay.fanout_p99.1k`, `relay.own_p99.1k`, `relay.burst.1k`.

A thousand browsers watch one project and a dashboard each. Both sides hear the same messages,
published by the same script, on a Valkey of their own, and send the same bytes. Counted is the
processor time of the server process alone; a latency runs from just before the publishing to the
moment at which the browser's process has read the frame. Three acts: a message to all, twenty
times a second; a message to each, all in a row; messages to all as fast as they can be published,
of which none may be lost. Peers are Node's `ws`, and for the processor time also the `websockets`
library, python-socketio with its Redis manager (its own framing and publisher, the same data), and
flask-sock as its manual has it.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from statistics import median

import click

from bench.measurement import Measurement
from bench.relay_contenders import (
    NAIVE_GEVENT,
    NODE,
    OURS,
    SOCKETIO,
    WEBSOCKETS,
    naive_threads,
    node_is_here,
)
from bench.relay_playing import Delivery, Playing, in_front, turns
from bench.relay_stage import Contender
from bench.rounds import Scale

_ALSO = {"websockets": WEBSOCKETS, "socketio": SOCKETIO, "flask_sock_gevent": NAIVE_GEVENT}
NAMES = (
    "relay.cpu_per_delivery.1k",
    "relay.fanout_p99.1k",
    "relay.own_p99.1k",
    "relay.burst.1k",
    *(f"relay.cpu_per_delivery.1k.{name}" for name in (*_ALSO, "flask_sock_gthread")),
)

_BROWSERS = 1000
_PUBLISHES = 80
_BURST = 100
_BETWEEN = 0.05  #: Seconds between two messages to all,
_BETWEEN_OWN = 0.5  #: and between two rounds of messages to each: none may be conflated.


def run(scale: Scale) -> Iterator[Measurement]:
    """Measure beside Node, then beside the others."""
    browsers = scale.of(_BROWSERS)
    if node_is_here():
        yield from _beside_node(scale, browsers)
    others = {**_ALSO, "flask_sock_gthread": naive_threads(browsers)}
    for name, peer in others.items():
        try:
            with ExitStack() as stack:
                ours, theirs = _to_all(scale, _both(stack, peer, browsers))
        except RuntimeError as failure:  # One that loses messages under this load has no figure.
            click.echo(f"no row beside {peer.name}: {failure}", err=True)
        else:
            yield _cpu(f"relay.cpu_per_delivery.1k.{name}", peer, ours, theirs)


def _beside_node(scale: Scale, browsers: int) -> Iterator[Measurement]:
    with ExitStack() as stack:
        scenes = _both(stack, NODE, browsers)
        ours, theirs = _to_all(scale, scenes)
        yield _cpu("relay.cpu_per_delivery.1k", NODE, ours, theirs)
        yield _p99("relay.fanout_p99.1k", ours, theirs)
        ours, theirs = _to_each(scale, scenes)
        yield _p99("relay.own_p99.1k", ours, theirs)
        ours, theirs = _burst(scale, scenes)
        rates = [median(one.rate for one in side) for side in (ours, theirs)]
        yield Measurement("relay.burst.1k", rates[0], "deliveries/s", NODE.name, rates[1])


def _both(stack: ExitStack, peer: Contender, browsers: int) -> list[Playing]:
    return [stack.enter_context(in_front(side, browsers)) for side in (OURS, peer)]


def _to_all(scale: Scale, scenes: Sequence[Playing]) -> list[list[Delivery]]:
    acts = [lambda s=s: s.deliver(_PUBLISHES, pause=_BETWEEN).complete() for s in scenes]
    return turns(scale, acts)


def _to_each(scale: Scale, scenes: Sequence[Playing]) -> list[list[Delivery]]:
    acts = [lambda s=s: s.deliver(3, pause=_BETWEEN_OWN, own=True).complete() for s in scenes]
    return turns(scale, acts)


def _burst(scale: Scale, scenes: Sequence[Playing]) -> list[list[Delivery]]:
    return turns(scale, [lambda s=s: s.deliver(_BURST, pause=0).complete() for s in scenes])


def _cpu(
    name: str, peer: Contender, ours: Sequence[Delivery], theirs: Sequence[Delivery]
) -> Measurement:
    costs = [median(one.cpu_us for one in side) for side in (ours, theirs)]
    return Measurement(name, costs[0], "µs", peer.name, costs[1])


def _p99(name: str, ours: Sequence[Delivery], theirs: Sequence[Delivery]) -> Measurement:
    p99s = [median(one.received.percentile(0.99) for one in side) for side in (ours, theirs)]
    return Measurement(name, p99s[0], "ms", NODE.name, p99s[1])
