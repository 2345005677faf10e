"""`stats.events_bulk_5000`: how often counts are announced while 5,000 images are done.

A worker does the images with a step that touches no pixel, the scheduler dispatches and the stats
process recounts, as in a running system. Counted are the messages of the project's channel, which
carry counts, from the request until those are announced that contain the last image: Redis numbers
them. The peer is the plain chain, which recounts and announces after each image: one message an
image, by definition and not measured. Statuses of single images are told on another channel, by
either; there some two hundred messages are left of 15,000.
"""

import os
from collections.abc import Iterator
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

NAMES = ("stats.events_bulk_5000",)

_IMAGES = 5000

_ANNOUNCED = text(
    """
SELECT s.published_version = s.version
       AND NOT EXISTS (SELECT FROM stats_deltas AS d WHERE d.project_id = s.project_id)
       AND NOT EXISTS (SELECT FROM runs AS r WHERE r.project_id = s.project_id
                       AND r.status IN ('queued', 'running'))
FROM project_stats AS s WHERE s.project_id = :project_id
"""
)


def run(scale: Scale) -> Iterator[Measurement]:
    """Do one request; how many messages it leads to follows from how long it takes."""
    images = scale.of(_IMAGES)
    with bench_servers() as bench:
        os.environ.update(bench.settings())  # Read by celeryconfig.
        redis = connect(bench.urls.redis)
        with (
            scheduler(bench),
            stats_worker(bench),
            segmenting_worker(bench, app="bench.worker_app"),
        ):
            project_id, user_id = _uploaded(bench, images)
            before = _messages(redis, project_id)
            _segment(bench, project_id, user_id)
            events = _messages(redis, project_id) - before
    yield Measurement("stats.events_bulk_5000", events, "events", "plain chain", images)


def _uploaded(bench: Bench, images: int) -> tuple[UUID, UUID]:
    """Insert a project with images whose upload has been announced already."""
    register_nothing(bench.database)
    project_id, user_id = insert_project(bench.database)
    insert_images(bench.database, project_id, images)
    _await_announcement(bench, project_id)
    return project_id, user_id


def _segment(bench: Bench, project_id: UUID, user_id: UUID) -> None:
    request = SegmentRequest(project_id, user_id, select="all", engine=NOTHING.name)
    bench.database.transact(lambda tx: segment_images(tx, request), operation="segmentation_queued")
    _await_announcement(bench, project_id)


def _await_announcement(bench: Bench, project_id: UUID) -> None:
    def is_over() -> bool:
        with bench.database.reading() as connection:
            return bool(connection.execute(_ANNOUNCED, {"project_id": project_id}).scalar_one())

    wait_until(is_over, "the counts are announced", seconds=600)


def _messages(redis: Redis, project_id: UUID) -> int:
    """Return how many messages were published on the project's channel so far."""
    name = RedisKeys().meta(Channel(ChannelKind.PROJECT, project_id))
    return int(redis.hget(name, "offset") or 0)  # type: ignore[arg-type]
