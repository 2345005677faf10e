"""`stats.staleness_p99`: how old the announced counts are while 10,000 images are worked at.

The scheduler dispatches, a worker does the images with a step that touches no pixel, the stats
process recounts. The staleness of an image's result is the time from its outcome, by the clock of
PostgreSQL, until a message arrives at a subscriber whose counts contain it; all run on one machine,
whose clock they share. The first images of the backlog are looked at: as many as are done in the
time that the measurement takes.
"""

import json
import os
import time
from bisect import bisect_left
from collections.abc import Iterator
from threading import Event, Thread
from typing import Any
from uuid import UUID

from redis import Redis
from sqlalchemy import text

from bench.measurement import Measurement
from bench.nothing import NOTHING, register_nothing
from bench.processes import scheduler, segmenting_worker, stats_worker, wait_until
from bench.rounds import Scale
from bench.rows import insert_images, insert_project
from bench.servers import Bench, bench_servers
from shared.actions.segment_images import SegmentRequest, segment_images
from shared.domain.channels import Channel, ChannelKind
from shared.messaging.redis_connections import connect
from shared.messaging.redis_keys import RedisKeys
from worker.recounting import FLOOD_INTERVAL

NAMES = ("stats.staleness_p99",)

_IMAGES = 10_000
_SECONDS = 40
_DONE = text(
    "SELECT extract(epoch FROM finished_at)::float8 FROM runs"
    " WHERE project_id = :id AND status = 'succeeded' ORDER BY finished_at"
)


def run(scale: Scale) -> Iterator[Measurement]:
    """Let the backlog be worked at for a while, and compare what was heard with what was done."""
    with bench_servers() as bench:
        os.environ.update(bench.settings())  # Read by celeryconfig.
        with (
            scheduler(bench),
            stats_worker(bench),
            segmenting_worker(bench, app="bench.worker_app"),
        ):
            project_id = _requested(bench, scale.of(_IMAGES))
            heard = _listened(bench, project_id, scale.of(_SECONDS))
            with bench.database.reading() as connection:
                done = list(connection.execute(_DONE, {"id": project_id}).scalars())
    peer = "the interval of announcements"
    yield Measurement(
        "stats.staleness_p99", 1000 * staleness_p99(done, heard), "ms", peer, 1000 * FLOOD_INTERVAL
    )


def staleness_p99(done: list[float], heard: list[tuple[float, int]]) -> float:
    """Return the 99th percentile of the seconds from each outcome to the counts that contain it.

    *done* are the times of outcomes in order, *heard* the times of messages with how many
    outcomes they counted. Outcomes that no message counted yet are left out.
    """
    counts = [count for _, count in heard]
    ages = [
        heard[place][0] - at
        for number, at in enumerate(done, start=1)
        if (place := bisect_left(counts, number)) < len(heard)
    ]
    return sorted(ages)[int(0.99 * len(ages))]


def _requested(bench: Bench, images: int) -> UUID:
    register_nothing(bench.database)
    project_id, user_id = insert_project(bench.database)
    insert_images(bench.database, project_id, images)
    request = SegmentRequest(project_id, user_id, select="all", engine=NOTHING.name)
    bench.database.transact(lambda tx: segment_images(tx, request), operation="segmentation_queued")
    return project_id


def _listened(bench: Bench, project_id: UUID, seconds: int) -> list[tuple[float, int]]:
    """Return when which number of outcomes was heard of, in order."""
    heard: list[tuple[float, int]] = []
    done = Event()
    redis = connect(bench.urls.redis)
    thread = Thread(target=_listen, args=(redis, project_id, heard, done))
    thread.start()
    try:
        wait_until(lambda: bool(heard and heard[-1][1]), "the first outcome is announced")
        time.sleep(seconds)
    finally:
        done.set()
        thread.join()
    return heard


def _listen(redis: Redis, project_id: UUID, heard: list[tuple[float, int]], done: Event) -> None:
    name = RedisKeys().wake(Channel(ChannelKind.PROJECT, project_id))
    with redis.pubsub(ignore_subscribe_messages=True) as listener:
        listener.subscribe(name)
        while not done.is_set():
            message: Any = listener.get_message(timeout=0.1)
            if message is not None:
                _epoch, _offset, body = message["data"].split(b" ", 2)
                stats = json.loads(body)["data"]["stats"]
                heard.append((time.time(), stats["segmentedCount"] + stats["failedCount"]))
