"""The same storm for plain Celery: what is sent against what is done."""

import signal
import sys
import time
from collections import Counter
from pathlib import Path

from celery import Celery

from shared.messaging.redis_connections import connect
from shared.servers.addresses import broker_url
from tests.faults import plain_app
from tests.faults.engine import picture
from tests.faults.ledger import Entry
from tests.faults.plant import PATIENCE, SLOTS, Plant
from tests.faults.storm import Storm, kill_storm
from tests.faults.traps import FOLDER
from tests.images import encoded
from tests.integration.interleaving import until

#: Nothing done for this long, and what is not done by now is not done any more. Messages come
#: back after 5 s, and looking for them is blocked for 300 s when who looked was killed: queue.md
#: watched such storms for 200 s.
QUIET_SECONDS = 60.0


class Peer:
    """Workers of plain Celery on the plant's Valkey, in a database of its own."""

    def __init__(self, plant: Plant) -> None:
        self.home = plant.home / "plain"
        (self.home / "images").mkdir(parents=True)
        self._plant = plant
        self._sent = 0
        url = f"{plant.valkey.url.partition('?')[0]}?db=1"
        self._redis = connect(url, name="peer")
        self._app = Celery("peer", broker=broker_url(url), set_as_current=False)
        self._app.conf.update(plain_app.app.conf.changes)
        self._app.conf.broker_url = broker_url(url)
        settings = {
            plain_app.REDIS: broker_url(url),
            plain_app.STORAGE: self.home.as_uri(),
            FOLDER: str(self.home),
        }
        flags = ("--without-gossip", "--without-mingle", "-P", "prefork", "-c", str(SLOTS))
        celery = (sys.executable, "-m", "celery", "-A", "tests.faults.plain_app")
        self.workers = [
            plant.keep_program(label, (*celery, "worker", *flags, "-n", f"{label}@%h"), **settings)
            for label in ("plain.1", "plain.2")
        ]

    def feed(self, count: int) -> None:
        """Send as many more images."""
        keys = []
        for number in range(self._sent + 1, self._sent + 1 + count):
            keys.append(f"images/{number}")
            (self.home / keys[-1]).write_bytes(encoded(picture(number)))
        with self._app.producer_pool.acquire() as producer:
            for key in keys:
                self._app.send_task(plain_app.TASK, args=[key], producer=producer)
        self._sent += count

    def waiting(self) -> int:
        """Count the messages in the queue."""
        return int(self._redis.llen(plain_app.QUEUE))  # type: ignore[arg-type]

    def held(self) -> int:
        """Count the messages that are anywhere in the broker."""
        return self.waiting() + int(self._redis.hlen("unacked"))  # type: ignore[arg-type]

    def done(self) -> Counter[int]:
        """Return how often each image was done."""
        path = self.home / "done"
        return Counter(map(int, path.read_text().split())) if path.exists() else Counter()

    def until_quiet(self) -> None:
        """Wait until all is done, or nothing has been done for long."""
        seen, since = -1, time.monotonic()
        while len(self.done()) < self._sent and time.monotonic() - since < QUIET_SECONDS:
            if (now := sum(self.done().values())) != seen:
                seen, since = now, time.monotonic()
            time.sleep(0.5)

    def end(self) -> None:
        """Stop its workers."""
        for worker in self.workers:
            worker.end()
            del self._plant.kept[worker.label]
        self._app.close()
        self._redis.close()


def plain_celery(plant: Plant, storm: Storm) -> Entry:
    """Play the storm against plain Celery, alone on the machine."""
    entry = Entry("", "plain Celery, acks_late, the storm of row 4", injected=storm.kills)
    for worker in plant.workers:
        worker.pause(signal.SIGTERM)
    peer = Peer(plant)
    try:
        peer.feed(1)
        until(peer.done, seconds=PATIENCE)
        kill_storm(storm, peer.workers, feed=peer.feed, waiting=peer.waiting)
        peer.until_quiet()
        done = peer.done()
        missing = storm.images + 1 - len(done)
        entry.images = storm.images + 1
        entry.stuck = min(missing, peer.held())
        entry.lost = missing - entry.stuck
        entry.double = sum(times > 1 for times in done.values())
        entry.started_again = _started_again(peer.home)
    finally:
        peer.end()
        for worker in plant.workers:
            worker.resume()
    return entry


def _started_again(home: Path) -> int:
    began = [
        line.split()[2]
        for line in (home / "journal").read_text().splitlines()
        if line.endswith("began")
    ]
    return len(began) - len(set(began))
