"""`pipeline.throughput`: images a second when the engine takes 100 ms.

Ours is the real system with two slots: request, dispatch, message, claim, reading a stored PNG of
512 x 512 pixels, the engine (a plug-in like any other), measuring 20 objects, storing labels,
table and preview durably, commit; with recounts and events meanwhile. Timed from the request to
the last commit. The engine waits and does not compute, as with a model on an accelerator.

The peer is the same engine called in a loop by two processes: no image is read, nothing is
measured or stored. `pipeline.throughput.same_work` has the peer do in its loop what the system
does with each image, reading, measuring and storing included: what a script would do.
"""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from multiprocessing import get_context
from uuid import uuid4

from PIL import Image
from sqlalchemy import text

from bench.measurement import Measurement
from bench.processes import ROOT, SLOTS, scheduler, segmenting_worker, stats_worker, wait_until
from bench.rounds import Scale, interleaved
from bench.rows import insert_images, insert_project, settle
from bench.servers import Bench, bench_servers
from bench.waiting_engine import Waiting, drawn_image
from shared.actions.segment_images import SegmentRequest, segment_images
from shared.config import Settings
from shared.database.engine import Database
from shared.database.workers import registered_engines
from shared.domain.provenance import Environment
from shared.domain.runs import ClaimedRun
from shared.storage import Storage, open_storage
from worker.engines.checked import CheckedEngine
from worker.environment import environment
from worker.segmenting import outline
from worker.turns import FreeTurns

NAMES = ("pipeline.throughput", "pipeline.throughput.same_work")

_IMAGES = 160  # In a round.
_PLUGIN = str(ROOT / "bench" / "plugin")
_KEY = "images/bench.png"
_LEFT = text("SELECT 1 FROM runs WHERE batch_id = :id AND status IN ('queued', 'running')")
_BAD = text("SELECT failure_detail FROM runs WHERE batch_id = :id AND status <> 'succeeded'")


def run(scale: Scale) -> Iterator[Measurement]:
    """Let the system and the loop do the same number of images, in turns."""
    with bench_servers() as bench:
        os.environ.update(bench.settings())
        _store_image()
        count = scale.of(_IMAGES)
        with stats_worker(bench), scheduler(bench), segmenting_worker(bench, path=_PLUGIN):
            system = System(bench)
            ours, bare, script = interleaved(
                scale,
                lambda: system.images_per_second(count),
                lambda: loops(count, bare_engine),
                lambda: loops(count, whole_step),
            )
    peer = "the bare 100 ms engine loop"
    yield Measurement("pipeline.throughput", ours, "images/s", peer, bare)
    peer = "a loop that also reads, measures and stores"
    yield Measurement("pipeline.throughput.same_work", ours, "images/s", peer, script)


class System:
    """The running system, and a project in it."""

    def __init__(self, bench: Bench) -> None:
        self._database = bench.database
        self._project, self._user = insert_project(bench.database)
        wait_until(self._has_the_engine, "the worker has registered its engines", seconds=60)

    def images_per_second(self, count: int) -> float:
        """Segment so many new images."""
        ids = insert_images(self._database, self._project, count, storage_key=_KEY)
        settle(self._database, "images", "runs", "stats_deltas", "outbox")
        request = SegmentRequest(self._project, self._user, select=ids, engine=Waiting.spec.name)
        began = time.perf_counter()
        batch = self._database.transact(
            lambda tx: segment_images(tx, request),
            operation="segmentation_queued",
        )
        values = {"id": batch.id}
        with self._database.reading() as connection:
            wait_until(
                lambda: connection.execute(_LEFT, values).first() is None, "all images are done"
            )
            seconds = time.perf_counter() - began
            bad = connection.execute(_BAD, values).first()
        assert bad is None, f"a run failed: {bad}"
        return count / seconds

    def _has_the_engine(self) -> bool:
        with self._database.reading() as connection:
            return any(e.name == Waiting.spec.name for e in registered_engines(connection))


def loops(count: int, prepare: Callable[[], Callable[[], object]]) -> float:
    """Do what *prepare* returns *count* times, in as many processes as there are slots."""
    each = count // SLOTS
    with ProcessPoolExecutor(SLOTS, mp_context=get_context("spawn")) as pool:
        seconds = list(pool.map(partial(_loop, prepare), [each] * SLOTS))
    return SLOTS * each / max(seconds)


def bare_engine() -> Callable[[], object]:
    """Return a call of the engine and nothing else."""
    engine, image = Waiting(), drawn_image()[..., None]
    return lambda: engine.segment(image, None)


def whole_step() -> Callable[[], object]:
    """Return what a worker does between claim and commit."""
    settings = Settings.from_environment()
    services = StepServices(
        database=Database("postgresql:///none"),
        storage=open_storage(settings.file_storage_url),
        engines=OneEngine(CheckedEngine(Waiting())),
        environment=environment(),
    )
    return lambda: outline(services, _unclaimed_run())


@dataclass(frozen=True, slots=True)
class OneEngine:
    """The engines of a process that has one."""

    engine: CheckedEngine

    def get(self, name: str) -> CheckedEngine:
        """Return it, whatever it is called."""
        return self.engine


@dataclass(frozen=True, slots=True)
class StepServices:
    """What the step works with; it never asks the database."""

    database: Database
    storage: Storage
    engines: OneEngine
    environment: Environment
    turns: FreeTurns = field(default_factory=FreeTurns)


def _loop(prepare: Callable[[], Callable[[], object]], count: int) -> float:
    act = prepare()
    act()
    began = time.perf_counter()
    for _ in range(count):
        act()
    return time.perf_counter() - began


def _unclaimed_run() -> ClaimedRun:
    return ClaimedRun(
        id=uuid4(),
        token=uuid4(),
        attempt=1,
        image_id=uuid4(),
        project_id=uuid4(),
        engine=Waiting.spec.name,
        engine_version=Waiting.spec.version,
        params={},
        fresh=True,
        exact=False,
        channels=None,
        storage_key=_KEY,
        sha256="0" * 64,
        page=0,
        pixel_size_um=None,
    )


def _store_image() -> None:
    content = BytesIO()
    Image.fromarray(drawn_image()).save(content, "PNG")
    storage = open_storage(Settings.from_environment().file_storage_url)
    storage.put(_KEY, content.getvalue())
