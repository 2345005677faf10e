"""Rows 10, 12, 16 and 17: Redis is emptied, full, silent, or delivers twice and in reverse."""

import base64
import json
import signal
import time
from pathlib import Path
from uuid import UUID, uuid4

from tests.faults.examining import examine
from tests.faults.ledger import Entry
from tests.faults.matrix import row
from tests.faults.plant import PATIENCE, REBUILT_SECONDS, Album, Plant
from tests.faults.proxy import StallingProxy
from tests.faults.rows.servers import age_messages
from tests.integration.interleaving import until

QUEUE = "celltally:segment.cpu"
UNACKED = "celltally:unacked"

#: Messages that there are while there is enough to do: twice the slots of both workers.
WINDOW = 8

#: A silent connection is noticed within this time.
SILENCE_SECONDS = 60


@row("10", "FLUSHALL in the middle of the work")
def an_emptied_redis_is_filled_again_from_the_rows(plant: Plant, entry: Entry) -> None:
    with plant.gate("row10") as gate:
        album = plant.segmenting(12, mode="gate", gate="row10")
        plant.until_began(album, 4)
        until(
            lambda: plant.redis.llen(QUEUE) + plant.redis.hlen(UNACKED) >= WINDOW,
            seconds=PATIENCE,
        )
        flushed = time.monotonic()
        plant.redis.flushall()
        age_messages(plant)
        gate.touch()
    plant.until_began(album)
    last = max(plant.journal.of(number)[0].at for number in album.numbers)
    entry.recovered(last - flushed, within=REBUILT_SECONDS)
    entry.injected = 1
    examine(plant, entry, album)


@row("12", "Redis full: it refuses every write")
def a_full_redis_costs_only_time(plant: Plant, entry: Entry) -> None:
    plant.redis.config_set("maxmemory", "1")
    try:
        album = plant.segmenting(12)
        time.sleep(20 if plant.long else 3)
    finally:
        plant.redis.config_set("maxmemory", "0")
    entry.injected = 1
    examine(plant, entry, album)


@row("16", "a killed worker left `unacked_mutex` behind")
def a_stale_mutex_stops_nobody(plant: Plant, entry: Entry) -> None:
    plant.redis.set("celltally:unacked_mutex", "a worker that is gone", ex=15)
    began = time.monotonic()
    album = plant.segmenting(12)
    entry.injected = 1
    examine(plant, entry, album)
    entry.recovered(time.monotonic() - began, within=15)


@row("17", "every message delivered twice, and in reverse order")
def doubled_and_reversed_messages_change_nothing(plant: Plant, entry: Entry) -> None:
    for worker in plant.workers:
        worker.pause(signal.SIGKILL)
    album = plant.segmenting(16)
    until(lambda: plant.redis.llen(QUEUE) >= 8, seconds=PATIENCE)
    messages = plant.redis.lrange(QUEUE, 0, -1)
    assert isinstance(messages, list)
    for message in messages:  # From the first to the last, each to the other end.
        plant.redis.rpush(QUEUE, _copy(message))
    for worker in plant.workers:
        worker.resume()
    entry.injected = len(messages)
    examine(plant, entry, album)
    entry.expect(entry.started_again == 0, f"{entry.started_again} images were done twice")


def _is_done(plant: Plant, album: Album) -> bool:
    """Tell whether the only image is segmented and its message acknowledged."""
    [run] = plant.lab.runs(album.project)
    held = plant.redis.hvals(UNACKED)
    assert isinstance(held, list)
    return run.status == "succeeded" and not any(_is_about(entry, run.id) for entry in held)


def _is_about(unacknowledged: bytes, run: UUID) -> bool:
    """Tell whether an unacknowledged message is the run's."""
    body = base64.b64decode(json.loads(unacknowledged)[0]["body"])
    return str(run).encode() in body


def _copy(message: bytes) -> str:
    """Return the same message under another tag, as a second delivery."""
    copy = json.loads(message)
    copy["properties"]["delivery_tag"] = str(uuid4())
    return json.dumps(copy)


@row("12b", "the worker's connections to Redis fall silent (half-open TCP)")
def a_silent_connection_is_noticed_within_a_minute(plant: Plant, entry: Entry) -> None:
    socket = Path(plant.valkey.url.removeprefix("unix://").partition("?")[0])
    proxy = StallingProxy(socket)
    address = f"redis://127.0.0.1:{proxy.port}/0"
    worker = plant.keep_distant_worker("distant", CELLTALLY_REDIS_URL=address)
    try:
        with plant.visiting(worker):
            plant.until_online(1, queue="segment.gpu")
            before = plant.segmenting(engine="far")
            # Idle, it has nothing to send that would fail: silence is all there is to notice.
            until(lambda: _is_done(plant, before), seconds=PATIENCE)
            stalled = time.monotonic()
            proxy.stall()
            after = plant.segmenting(engine="far")
            again = plant.seconds_to_begin(after.only, after=stalled)
            entry.recovered(again, within=SILENCE_SECONDS)
            entry.injected = 1
            examine(plant, entry, before, after)
    finally:
        proxy.close()
