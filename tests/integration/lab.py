"""A database with people, projects and images in it, and short words for what is done to them."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.engine import Row, RowMapping

from shared.actions.change_project import change_project
from shared.actions.create_project import create_project
from shared.actions.delete_images import delete_images
from shared.actions.dispatch import dispatch
from shared.actions.leases import hand_back, reap_expired
from shared.actions.recompute_stats import recompute_stats
from shared.actions.runs import claim_run, complete_run, fail_run
from shared.actions.segment_images import Batch, SegmentRequest, segment_images
from shared.database import batches, images, stats
from shared.database.engine import Database
from shared.database.images import NewImage
from shared.database.projects import NewProject
from shared.database.transaction import Transaction
from shared.database.workers import OnlineWorker, RegisteredEngine, beat, register_engine
from shared.domain.engines import EngineSpec, Modality
from shared.domain.events import Operation, ProjectStatsUpdate
from shared.domain.runs import Claimant, ClaimedRun, FailureCode, Outcome
from shared.domain.stats import ProjectStats
from shared.messaging.memory import MemoryEventPublisher, MemoryTaskQueue
from shared.pausing import hold

T = TypeVar("T")

#: Tables whose rows do not go with their user.
LOOSE_TABLES = ("stats_deltas", "outbox", "file_deletions", "engines", "worker_heartbeats")

PARAMS = {
    "type": "object",
    "properties": {"threshold": {"type": "number", "default": 0.5}},
}


def until(question: Callable[[], T], *, seconds: float = 30) -> T:
    """Ask again and again until the answer is true, for a bounded time."""
    end = time.monotonic() + seconds
    while not (answer := question()):
        if time.monotonic() > end:
            raise AssertionError(f"{question} did not become true within {seconds} s")
        time.sleep(0.01)
    return answer


def nothing() -> None:
    """Do nothing."""


@contextmanager
def held(name: str, hook: Callable[[], None]) -> Iterator[None]:
    """Run *hook* once, the first time anybody comes to the pause point *name*."""

    def once() -> None:
        hold(name, None)
        hook()

    hold(name, once)
    try:
        yield
    finally:
        hold(name, None)


class Lab:
    """What a test works with: a database of its own, and twins of the broker and the channel."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.queue = MemoryTaskQueue()
        self.publisher = MemoryEventPublisher()

    # Rows

    def forget_everything(self) -> None:
        """Empty every table: faster than a new database for each test."""
        for table in ("users", *LOOSE_TABLES):
            self.sql(f"DELETE FROM {table}")

    def sql(self, statement: str, *, operation: str | None = None, **values: Any) -> list[Row[Any]]:
        """Run one statement in a transaction of its own; return its rows, if it has any."""

        def run(tx: Any) -> list[Row[Any]]:
            result = tx.execute(text(statement), values)
            return list(result) if result.returns_rows else []

        return self.database.transact(run, operation=operation)

    def value(self, statement: str, **values: Any) -> Any:
        """Return the one value that *statement* asks for."""
        return self.sql(statement, **values)[0][0]

    def user(self, name: str = "Ada") -> UUID:
        """Add somebody for whom it is about noon: no test runs over their midnight."""
        return self.value(
            "INSERT INTO users (email, name, password_hash, time_zone)"
            " VALUES (:name || gen_random_uuid() || '@example.org', :name, 'x', :zone)"
            " RETURNING id",
            name=name,
            zone=f"Etc/GMT{datetime.now(UTC).hour - 12:+d}",
        )

    def project(self, owner: UUID | None = None) -> UUID:
        new = NewProject(owner or self.user(), "Spheroids")
        return self.database.transact(lambda tx: create_project(tx, self.queue, new))

    def images(self, project: UUID, count: int = 1) -> list[UUID]:
        """Add *count* images of new content."""
        return self.upload(project, [uuid4().hex for _ in range(count)])

    def upload(self, project: UUID, shas: list[str]) -> list[UUID]:
        """Add images with these contents; those that the project has already are not added."""
        new = [new_image(project, sha) for sha in shas]
        inserted = self.database.transact(
            lambda tx: images.insert_new(tx.connection, new), operation=Operation.IMAGES_ADDED
        )
        return [image.id for image in new if image.id in inserted]

    def delete(self, project: UUID, image_ids: list[UUID]) -> int:
        return delete_images(self.database, self.queue, project_id=project, image_ids=image_ids)

    def image(self, image_id: UUID) -> Row[Any]:
        return self.sql("SELECT * FROM images WHERE id = :id", id=image_id)[0]

    def run(self, run_id: UUID) -> Row[Any]:
        return self.sql("SELECT * FROM runs WHERE id = :id", id=run_id)[0]

    def runs(self, project: UUID, status: str | None = None) -> list[Row[Any]]:
        return self.sql(
            "SELECT * FROM runs WHERE project_id = :project"
            " AND (CAST(:status AS text) IS NULL OR status = :status) ORDER BY seq",
            project=project,
            status=status,
        )

    def deltas(self, project: UUID) -> list[Row[Any]]:
        return self.sql(
            "SELECT * FROM stats_deltas WHERE project_id = :project ORDER BY id", project=project
        )

    # Questions

    def stats(self, project: UUID) -> ProjectStats:
        with self.database.reading() as connection:
            found = stats.read_stats(connection, project)
        assert found is not None, f"project {project} has no stats"
        return found

    def is_exact(self, project: UUID) -> bool:
        """Tell whether the tally equals a count of the rows."""
        now = self.stats(project)
        with self.database.reading() as connection:
            counted = stats.recount(connection, project)
        return counted == counts_of(now)

    # Acts

    def engine(self, name: str = "noop", **fields: Any) -> EngineSpec:
        """Register an engine, as a worker that has it does."""
        spec = EngineSpec(
            name=name,
            version="1",
            title=name,
            licence="MIT",
            modalities=[Modality.ANY],
            params=PARAMS,
            **fields,
        )
        engine = RegisteredEngine(name, spec, available=True, reason=None)
        self.database.transact(lambda tx: register_engine(tx.connection, engine))
        return spec

    def worker(self, slots: int = 2, *, name: str = "w1", queue: str = "segment.cpu") -> None:
        """Have a worker be online."""
        worker = OnlineWorker(name, [queue], slots, busy=0)
        self.database.transact(lambda tx: beat(tx.connection, worker, ["noop"]))

    def segment(
        self,
        project: UUID,
        select: str | list[UUID] = "all",
        *,
        before_commit: Callable[[], None] = nothing,
        **fields: Any,
    ) -> Batch:
        if "user_id" not in fields:
            owner = "SELECT owner_id FROM projects WHERE id = :project"
            fields["user_id"] = self.value(owner, project=project)
        request = SegmentRequest(project_id=project, select=select, **fields)

        def ask(tx: Transaction) -> Batch:
            batch = segment_images(tx, self.queue, request)
            before_commit()
            return batch

        return self.database.transact(ask, operation=Operation.SEGMENTATION_QUEUED)

    def progress(self, batch_id: UUID) -> RowMapping:
        with self.database.reading() as connection:
            found = batches.progress(connection, batch_id)
        assert found is not None
        return found

    def dispatch(self) -> list[UUID]:
        """Dispatch; return the runs that were sent, in their order."""
        before = len(self.queue.segments)
        dispatch(self.database, self.queue)
        return [run.run_id for run in self.queue.segments[before:]]

    def claim(
        self,
        run_id: UUID,
        *,
        worker: str = "w1",
        pid: int = 1,
        lease: int = 45,
        before_commit: Callable[[], None] = nothing,
    ) -> ClaimedRun | None:
        def claim(tx: Transaction) -> ClaimedRun | None:
            run = claim_run(tx, self.queue, run_id, claimant=Claimant(worker, pid, lease))
            before_commit()
            return run

        return self.database.transact(claim)

    def claimed(self, run_id: UUID, **claimant: Any) -> ClaimedRun:
        run = self.claim(run_id, **claimant)
        assert run is not None, f"run {run_id} could not be claimed"
        return run

    def complete(
        self,
        run: ClaimedRun,
        objects: int = 3,
        ms: int = 100,
        *,
        before_commit: Callable[[], None] = nothing,
    ) -> bool:
        outcome = Outcome(objects, ms, f"results/{run.image_id}/{run.token}/")

        def complete(tx: Transaction) -> bool:
            done = complete_run(tx, self.queue, run, outcome=outcome)
            before_commit()
            return done

        return self.database.transact(complete)

    def fail(self, run: ClaimedRun, code: FailureCode = FailureCode.ENGINE_ERROR) -> bool:
        return self.database.transact(lambda tx: fail_run(tx, self.queue, run, code=code))

    def hand_back(self, worker: str, pid: int) -> list[UUID]:
        return hand_back(self.database, self.queue, worker=worker, dead=[pid])

    def expire_leases(self) -> None:
        """Let more time have gone by than any lease lasts."""
        self.sql("UPDATE runs SET lease_until = lease_until - interval '1 day'")

    def reap(self) -> list[UUID]:
        return reap_expired(self.database, self.queue)

    def fold(self, project: UUID) -> ProjectStatsUpdate | None:
        return recompute_stats(self.database, self.publisher, project)

    def rename(self, project: UUID, op_id: str | None = None) -> None:
        self.database.transact(
            lambda tx: change_project(
                tx, self.queue, project, changes={"title": "Nuclei"}, op_id=op_id
            )
        )

    def age(self) -> None:
        """Let more time have gone by since the deltas and the folds than the sweep waits."""
        self.sql("UPDATE stats_deltas SET at = at - interval '5 seconds'")
        self.sql("UPDATE project_stats SET folded_at = folded_at - interval '5 seconds'")

    def due_projects(self) -> list[UUID]:
        with self.database.reading() as connection:
            return stats.due_projects(connection)

    def one_run(self, project: UUID | None = None) -> Row[Any]:
        """Return the queued run of a new image."""
        self.engine()
        project = project or self.project()
        [image] = self.images(project)
        self.segment(project, [image])
        return self.sql("SELECT * FROM runs WHERE image_id = :image", image=image)[0]

    # Interleaving

    def threads(self, count: int) -> ThreadPoolExecutor:
        """Return threads that have ended when their block ends."""
        return ThreadPoolExecutor(count)

    def until_one_waits(self, count: int = 1) -> None:
        """Wait until *count* other connections to the database wait for a lock."""
        until(
            lambda: (
                self.value(
                    "SELECT count(*) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
                )
                >= count
            )
        )


def counts_of(found: ProjectStats) -> dict[str, int]:
    """Return the counts under the names of the columns."""
    return {
        "uploaded": found.uploaded_count,
        "queued": found.queued_count,
        "processing": found.processing_count,
        "segmented": found.segmented_count,
        "no_objects": found.no_objects_count,
        "failed": found.failed_count,
        "objects": found.object_count,
    }


def new_image(project: UUID, sha: str) -> NewImage:
    """Return an image with this content, as an accepted upload has it."""
    return NewImage(
        id=uuid4(),
        project_id=project,
        filename=f"{sha}.png",
        sha256=sha,
        bytes=64,
        width=8,
        height=8,
        channels=1,
        bit_depth=8,
        pixel_size_um=None,
        modality=Modality.NUCLEI_FLUO,
        storage_key=f"images/{sha}",
        thumbnail_key=f"thumbnails/{sha}",
    )
