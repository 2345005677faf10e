"""Short words for what is done to the rows of a test."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.engine import Row, RowMapping

from shared.actions.cancel_runs import Cancelled, cancel_runs
from shared.actions.change_project import change_project
from shared.actions.choose_result import choose_result
from shared.actions.dispatch import dispatch
from shared.actions.edit_result import Edit, save_edit, what_is_edited
from shared.actions.leases import hand_back, reap_expired
from shared.actions.publish_outbox import publish_outbox
from shared.actions.recompute_stats import recompute_stats
from shared.actions.repeat_run import repeat_run
from shared.actions.runs import claim_run, complete_run, fail_run
from shared.actions.segment_images import Batch, SegmentRequest, segment_images
from shared.database import batches, stats
from shared.database.cancelling import Scope
from shared.database.engine import Database
from shared.database.transaction import Transaction
from shared.database.workers import OnlineWorker, RegisteredEngine, beat, register_engine
from shared.domain.engines import EngineSpec, Modality
from shared.domain.events import Operation, ProjectStatsUpdate
from shared.domain.quality import Quality
from shared.domain.runs import Claimant, ClaimedRun, FailureCode, Outcome
from shared.editing import MadeResult
from shared.messaging.memory import MemoryEventPublisher
from tests.integration.interleaving import nothing, until
from tests.integration.rows import Rows

PARAMS = {
    "type": "object",
    "properties": {"threshold": {"type": "number", "default": 0.5}},
}


def spec_of(name: str, **fields: Any) -> EngineSpec:
    """Return what an engine of this name declares."""
    chosen: dict[str, Any] = {"version": "1", "params": PARAMS} | fields
    return EngineSpec(name=name, title=name, licence="MIT", modalities=[Modality.ANY], **chosen)


class Lab(Rows):
    """What a test works with: a database of its own, and twins of the broker and the channel."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.publisher = MemoryEventPublisher()

    def engine(self, name: str = "noop", **fields: Any) -> EngineSpec:
        """Register an engine, as a worker that has it does."""
        spec = spec_of(name, **fields)
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
            fields["user_id"] = self.owner(project)
        request = SegmentRequest(project_id=project, select=select, **fields)

        def ask(tx: Transaction) -> Batch:
            batch = segment_images(tx, request)
            before_commit()
            return batch

        return self.database.transact(ask, operation=Operation.SEGMENTATION_QUEUED)

    def progress(self, batch_id: UUID) -> RowMapping:
        with self.database.reading() as connection:
            found = batches.progress(connection, batch_id)
        assert found is not None
        return found

    def waiting(self, user: UUID, count: int, **fields: Any) -> list[UUID]:
        """Have *count* images of a new project of the user wait; return their runs in order."""
        project = self.project(user)
        self.images(project, count)
        self.segment(project, **fields)
        return [run.id for run in self.runs(project)]

    def age_messages(self, seconds: int = 11) -> None:
        """Let the messages have been sent longer ago."""
        self.sql(
            "UPDATE runs SET dispatched_at = dispatched_at - make_interval(secs => :seconds)",
            seconds=seconds,
        )

    def dispatch(self, *, oldest_first: bool = False) -> list[UUID]:
        """Dispatch; return the runs that were sent, in their order."""
        before = len(self.queue.segments)
        dispatch(self.database, self.queue, oldest_first=oldest_first)
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
            run = claim_run(tx, run_id, claimant=Claimant(worker, pid, lease))
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
            done = complete_run(tx, run, outcome=outcome)
            before_commit()
            return done

        return self.database.transact(complete)

    def fail(self, run: ClaimedRun, code: FailureCode = FailureCode.ENGINE_ERROR) -> bool:
        return self.database.transact(lambda tx: fail_run(tx, run, code=code))

    def cancel(self, scope: Scope, scope_id: UUID, who: UUID | None = None) -> Cancelled:
        actor = who or self.value("SELECT id FROM users LIMIT 1")
        return self.database.transact(
            lambda tx: cancel_runs(tx, scope, scope_id, actor_id=actor),
            operation=Operation.SEGMENTATION_CANCELLED,
        )

    def choose(self, image_id: UUID, run_id: UUID) -> None:
        self.database.transact(
            lambda tx: choose_result(tx, image_id=image_id, run_id=run_id),
            operation=Operation.SEGMENTATION_EDITED,
        )

    def edit(
        self,
        image_id: UUID,
        objects: int = 2,
        *,
        who: UUID | None = None,
        before_commit: Callable[[], None] = nothing,
    ) -> UUID:
        """Save an edit of what the image shows; return its run."""
        run_id, actor = uuid4(), who or self.owner(self.image(image_id).project_id)
        edit = Edit(image_id, actor, [], fits=lambda version, run: True)
        before = what_is_edited(self.database, edit)
        made = MadeResult(objects, Quality(border_share=0.1))

        def save(tx: Transaction) -> None:
            path = f"results/{image_id}/{run_id}/"
            save_edit(tx, edit, before, run_id=run_id, path=path, made=made)
            before_commit()

        self.database.transact(save, operation=Operation.SEGMENTATION_EDITED)
        return run_id

    def repeat(self, run_id: UUID, user_id: UUID | None = None) -> Batch:
        asker = user_id or self.run(run_id).user_id
        return self.database.transact(
            lambda tx: repeat_run(tx, run_id=run_id, user_id=asker),
            operation=Operation.SEGMENTATION_QUEUED,
        )

    def hand_back(self, worker: str, pid: int) -> list[UUID]:
        return hand_back(self.database, worker=worker, dead=[pid])

    def expire_leases(self) -> None:
        """Let more time have gone by than any lease lasts."""
        self.sql("UPDATE runs SET lease_until = lease_until - interval '1 day'")

    def reap(self) -> list[UUID]:
        return reap_expired(self.database)

    def recounts_asked(self) -> set[UUID]:
        """Publish what moves left to be told; return the projects whose recount was asked for."""
        self.queue.recomputed.clear()
        publish_outbox(self.database, self.publisher, self.queue)
        return set(self.queue.recomputed)

    def fold(self, project: UUID) -> ProjectStatsUpdate | None:
        return recompute_stats(self.database, self.publisher, project)

    def rename(self, project: UUID, op_id: str | None = None, *, title: str = "Nuclei") -> None:
        actor = self.owner(project)
        self.database.transact(
            lambda tx: change_project(
                tx, self.queue, project, changes={"title": title}, actor_id=actor, op_id=op_id
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
