"""`pipeline.cpu_per_image`: what celltally itself costs per image, without the model.

Counted is the processor time, user and system, of one worker: the parent process with its
heartbeat, and its two children. Ours is the real `celltally.segment` from the message to its
acknowledgement (claim, commit, deltas, outbox, the request for a recompute), with a step that
reads nothing, computes nothing and stores nothing; the stats process recounts meanwhile. The peer
is a Celery task that does one compare-and-set UPDATE of an image in a transaction, in the same
worker, from the same pool of connections. The messages of both sides come at once, sent by the
benchmark as dispatch sends them, so that the worker is never idle; at a trickle both cost more.

Not counted, for either side: PostgreSQL, Valkey, whoever sends the messages, the stats process.
"""

import os
from collections.abc import Callable, Iterator
from uuid import UUID

from celery import Celery
from sqlalchemy import TextClause, text

from bench.cpu import cpu_seconds
from bench.measurement import Measurement
from bench.nothing import NOTHING, register_nothing
from bench.processes import segmenting_worker, stats_worker, wait_until
from bench.rounds import Scale, interleaved
from bench.rows import insert_images, insert_project, settle
from bench.servers import Bench, bench_servers
from bench.tasks import FLOOR
from shared.actions.segment_images import SegmentRequest, segment_images
from shared.messaging.celery_queue import BESIDE_SECONDS
from shared.messaging.task_names import SEGMENT

NAMES = ("pipeline.cpu_per_image",)

#: Of each side in a round. A child is replaced after 500 tasks, so each round pays for two.
_IMAGES = 1000
_RUNS = text("SELECT id FROM runs WHERE batch_id = :id ORDER BY seq")
_UNFINISHED = text("SELECT 1 FROM runs WHERE batch_id = :id AND status <> 'succeeded'")
_QUEUED = text("SELECT 1 FROM images WHERE project_id = :id AND status = 'queued'")


def run(scale: Scale) -> Iterator[Measurement]:
    """Let one worker do both, in turns."""
    with bench_servers() as bench:
        os.environ.update(bench.settings())  # Read by celeryconfig.
        with stats_worker(bench), segmenting_worker(bench, app="bench.worker_app") as pid:
            sides = Sides(bench, scale, pid)
            ours, floor = interleaved(scale, sides.ours, sides.floor)
    peer = "no-op Celery task + one compare-and-set UPDATE"
    yield Measurement("pipeline.cpu_per_image", ours, "ms", peer, floor)


class Sides:
    """Both contenders; figures are milliseconds of processor time per image."""

    def __init__(self, bench: Bench, scale: Scale, worker: int) -> None:
        self._database = bench.database
        self._count = scale.of(_IMAGES)
        self._worker = worker
        self._project, self._user = insert_project(bench.database)
        self._floor_project, _ = insert_project(bench.database)
        self._app = Celery("bench", set_as_current=False)
        self._app.config_from_object("celeryconfig")
        register_nothing(self._database)

    def ours(self) -> float:
        """Segment new images, from the message to the last commit."""
        chosen: str | list[UUID] = insert_images(self._database, self._project, self._count)
        request = SegmentRequest(self._project, self._user, select=chosen, engine=NOTHING.name)
        batch = self._database.transact(
            lambda tx: segment_images(tx, request),
            operation="segmentation_queued",
        )
        with self._database.reading() as connection:
            runs = list(connection.execute(_RUNS, {"id": batch.id}).scalars())

        def segment() -> None:
            self._send(SEGMENT, runs)
            self._await(_UNFINISHED, batch.id)

        return self._cpu(segment)

    def floor(self) -> float:
        """Do one compare-and-set for each of as many new images."""
        ids = insert_images(self._database, self._floor_project, self._count, status="queued")

        def compare_and_set() -> None:
            self._send(FLOOR, ids)
            self._await(_QUEUED, self._floor_project)

        return self._cpu(compare_and_set)

    def _send(self, task: str, ids: list[UUID]) -> None:
        """Send a message for each of *ids*, with limits, as dispatch does."""
        with self._app.producer_pool.acquire() as producer:
            for each in ids:
                self._app.send_task(
                    task,
                    args=[str(each)],
                    queue="segment.cpu",
                    soft_time_limit=NOTHING.limits.soft_seconds + BESIDE_SECONDS,
                    time_limit=NOTHING.limits.hard_seconds + BESIDE_SECONDS,
                    producer=producer,
                )

    def _cpu(self, act: Callable[[], None]) -> float:
        settle(self._database, "images", "runs", "stats_deltas", "outbox")
        before = cpu_seconds(self._worker)
        act()
        return 1000 * (cpu_seconds(self._worker) - before) / self._count

    def _await(self, remaining: TextClause, identifier: UUID) -> None:
        """Wait until the question *remaining* has no row."""

        def is_over() -> bool:
            with self._database.reading() as connection:
                return connection.execute(remaining, {"id": identifier}).first() is None

        wait_until(is_over, "the worker has done the round")
