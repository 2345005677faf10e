"""`relay.cpu_per_delivery.10k`, `relay.memory_per_socket.10k` and `relay.storm.10k`.

Ten thousand browsers, each of which offers compression as real ones do, in front of one process.
Memory is what the server's processes have for themselves (private pages), with all sockets open
and used, less what they had before. The storm is how many of them are let in, signed in and
subscribed a second when all come at once, which each of them does once a round.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from bench.measurement import Measurement
from bench.relay_contenders import NODE, NODE_DEFLATE, OURS, node_is_here
from bench.relay_playing import Playing, playing, turns
from bench.relay_stage import Contender, stage_of
from bench.rounds import Scale

NAMES = (
    "relay.cpu_per_delivery.10k",
    "relay.memory_per_socket.10k",
    "relay.memory_per_socket.10k.deflate",
    "relay.storm.10k",
)

_BROWSERS = 9_000  #: Sockets of both ends and of three clients fit into 20,000 open files.
_PUBLISHES = 8
_BETWEEN = 1.0


def run(scale: Scale) -> Iterator[Measurement]:
    """Open all sockets on both sides; then deliver in turns."""
    if not node_is_here():
        return
    browsers = scale.of(_BROWSERS)
    with ExitStack() as stack:
        sides = [_crowded(stack, side, browsers) for side in (OURS, NODE)]
        (ours, opened, ours_kb), (theirs, theirs_opened, theirs_kb) = sides
        acts = [
            lambda s=s: s.deliver(_PUBLISHES, pause=_BETWEEN).complete() for s in (ours, theirs)
        ]
        costs = [median(one.cpu_us for one in side) for side in turns(scale, acts)]
    with ExitStack() as stack:
        _, _, deflate_kb = _crowded(stack, NODE_DEFLATE, browsers)
    yield Measurement("relay.cpu_per_delivery.10k", costs[0], "µs", NODE.name, costs[1])
    yield Measurement("relay.memory_per_socket.10k", ours_kb, "KB", NODE.name, theirs_kb)
    name = "relay.memory_per_socket.10k.deflate"
    yield Measurement(name, ours_kb, "KB", NODE_DEFLATE.name, deflate_kb)
    yield Measurement("relay.storm.10k", opened, "per-s", NODE.name, theirs_opened)


def _crowded(stack: ExitStack, side: Contender, browsers: int) -> tuple[Playing, float, float]:
    """Return the side with everybody in front, how many came a second, and KB of each."""
    stage = stack.enter_context(stage_of(browsers))
    scene = stack.enter_context(playing(stage, side))
    visits = stage.visits(side, deflate=True)
    before = private_kb(scene.pid)
    seconds = scene.browsers.open(visits, seconds=300)
    scene.deliver(_PUBLISHES, pause=_BETWEEN).complete()
    return scene, browsers / seconds, (private_kb(scene.pid) - before) / browsers


def private_kb(root: int) -> float:
    """Return the kilobytes that only *root* and its children have."""
    total = 0
    children = Path(f"/proc/{root}/task/{root}/children").read_text().split()
    for pid in (str(root), *children):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith(("Private_Clean:", "Private_Dirty:")):
                total += int(line.split()[1])
    return total
