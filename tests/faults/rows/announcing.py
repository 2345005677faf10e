"""Rows 21 and 22: the stats process or the relay dies; what people see ends right."""

import time

from shared.client.live import LiveUpdates
from shared.domain.channels import Channel, ChannelKind
from shared.domain.errors import UnavailableError
from shared.messaging.redis_history import Question, RedisHistory
from tests.faults.examining import examine
from tests.faults.front import Relay, relay
from tests.faults.ledger import Entry
from tests.faults.matrix import row
from tests.faults.plant import PATIENCE, Album, Plant
from tests.faults.traps import KILL, KILL_GROUP, lay
from tests.integration.interleaving import until

#: What a card shows is the database's within this time.
CARD_SECONDS = 2.0


@row("21", "SIGKILL of the stats process: folding, before and after publishing")
def the_announced_counts_end_right(plant: Plant, entry: Entry) -> None:
    points = ("fold.before_commit", "stats.before_publish", "stats.before_published")
    deaths = [(point, order) for point in points for order in (KILL, KILL_GROUP)]
    if not plant.long:  # A child is there again at once.
        deaths = [(points[0], KILL), (points[1], KILL_GROUP), (points[2], KILL)]
    for point, order in deaths:
        caught = lay(plant.home, point, order)
        album = plant.segmenting(4)
        until(caught.exists, seconds=PATIENCE)
        entry.injected += 1
        examine(plant, entry, album)
        _expect_announced(plant, entry, album)


def _expect_announced(plant: Plant, entry: Entry, album: Album) -> None:
    channel = Channel(ChannelKind.PROJECT, album.project)
    announced = RedisHistory(plant.redis).read(Question(channel)).version
    now = plant.lab.stats(album.project).version
    entry.expect(announced == now, f"version {announced} was announced, {now} is in the database")


@row("22", "SIGKILL of the relay; its subscription cut; a browser that does not read")
def a_card_equals_the_database_two_seconds_after(plant: Plant, entry: Entry) -> None:
    album = plant.album(4)
    with relay(plant) as running:
        watching = _watch(running, album)
        slow = _watch(running, album)
        for begin in (_cut_subscriptions, _kill):
            begin(running)
            plant.add(album, 4)
            plant.segment(album)
            running.until_ready()
            examine(plant, entry, album)
            settled = time.monotonic()
            watching = _until_right(running, watching, album)
            entry.recovered(time.monotonic() - settled, within=CARD_SECONDS)
            entry.injected += 1
        watching.close()
        slow.close()
        slow = _watch(running, album)
        for _ in range(10 if plant.long else 3):  # It does not read meanwhile.
            plant.add(album, 4)
            plant.segment(album)
            examine(plant, entry, album)
        _until_right(running, slow, album).close()
        entry.injected += 1


def _watch(running: Relay, album: Album) -> LiveUpdates:
    return running.watch(album.owner, f"project:{album.project}")


def _cut_subscriptions(running: Relay) -> None:
    running.plant.redis.client_kill_filter(_type="pubsub")


def _kill(running: Relay) -> None:
    running.kept.kill()
    until(lambda: running.kept.starts == 2, seconds=PATIENCE)


def _until_right(running: Relay, watching: LiveUpdates, album: Album) -> LiveUpdates:
    """Listen as a page does, which connects again when it is cut, until the card is right."""
    end = time.monotonic() + PATIENCE
    seen: list[int] = [snapshot["v"] for snapshot in watching.snapshots]
    while time.monotonic() < end:
        now = running.plant.lab.stats(album.project).version
        if seen and max(seen) == now:
            return watching
        try:
            for update in watching.updates(silence=0.3):
                seen.append(update["v"])
        except UnavailableError:
            watching = _watch(running, album)
            seen = [snapshot["v"] for snapshot in watching.snapshots]
    raise AssertionError(f"the page shows version {max(seen, default=0)}, {now} is right")
