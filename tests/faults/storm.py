"""Kills at random instants while work flows; the same for celltally and for its peer."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.faults.keeping import Kept

#: Images put in at a time, as soon as fewer wait.
CHUNK = 200


@dataclass(frozen=True)
class Storm:
    """How often is killed, and how much work there is."""

    kills: int
    images: int
    shortest: float = 1.0  #: Seconds between two kills.
    longest: float = 3.0
    seed: int = 4


def kill_storm(
    storm: Storm,
    workers: Sequence[Kept],
    *,
    feed: Callable[[int], None],
    waiting: Callable[[], int],
) -> None:
    """Kill whole workers; *feed* puts in images, as many as keep all busy until the last kill."""
    chance = random.Random(storm.seed)  # noqa: S311 - the same instants each time.
    fed = 0
    for number in range(storm.kills):
        until = time.monotonic() + chance.uniform(storm.shortest, storm.longest)
        while (left := until - time.monotonic()) > 0:
            count = min(CHUNK, storm.images - fed)
            if count and waiting() < CHUNK:
                feed(count)
                fed += count
            time.sleep(min(left, 0.1))
        # In turns: of a worker that has just been killed nothing runs that could be lost.
        workers[number % len(workers)].kill()
    while fed < storm.images:
        if waiting() < CHUNK:
            count = min(CHUNK, storm.images - fed)
            feed(count)
            fed += count
        time.sleep(0.1)
