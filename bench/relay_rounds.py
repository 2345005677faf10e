"""`relay.memory_after_rounds`: what stays of ten rounds of a thousand browsers (R15).

In each round a thousand other users open a socket, watch the project and a channel of their own,
and leave. The peer is the same process after the ten rounds before these, which fill caches and
pools and take as much memory at a time: channels are kept for a while. Counted is private memory,
when Redis has been told to forget every channel of theirs.
"""

import time
from collections.abc import Iterator
from uuid import uuid4

from bench.measurement import Measurement
from bench.relay_commands import crowd
from bench.relay_contenders import OURS
from bench.relay_crowded import private_kb
from bench.relay_playing import Playing, playing
from bench.relay_stage import Stage, stage_of
from bench.rounds import Scale
from shared.domain.channels import ChannelKind

NAMES = ("relay.memory_after_rounds",)

_ROUNDS = 10
_BROWSERS = 1000
_PATIENCE = 120.0  #: A channel that nobody watches is kept for a while, and swept later still.


def run(scale: Scale) -> Iterator[Measurement]:
    """Come and go; compare."""
    with stage_of(scale.of(_BROWSERS)) as stage, playing(stage, OURS) as scene:
        first, last = _after_rounds(scene), _after_rounds(scene)
    yield Measurement("relay.memory_after_rounds", last, "KB", "ten rounds before", first)


def _after_rounds(scene: Playing) -> float:
    for _ in range(_ROUNDS):
        _come_and_go(scene)
    return _left(scene)


def _come_and_go(scene: Playing) -> None:
    stage = scene.stage
    stage.users[:] = [uuid4() for _ in stage.users]
    with crowd(scene.port) as browsers:
        browsers.open(stage.visits(OURS, deflate=True))


def _left(scene: Playing) -> float:
    """Return the memory of the server once no channel of browsers is subscribed."""
    deadline = time.monotonic() + _PATIENCE
    while left := _channels(scene.stage):
        if time.monotonic() > deadline:
            raise RuntimeError(f"{left} channels are still subscribed")
        time.sleep(1)
    return private_kb(scene.pid)


def _channels(stage: Stage) -> int:
    kinds = (kind.value for kind in ChannelKind)
    return sum(len(stage.redis.pubsub_channels(f"*{{{kind}:*")) for kind in kinds)
