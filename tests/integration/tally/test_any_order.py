"""Whatever is done, in whatever order, the tally is what the rows say (S1, S2, S3)."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, TypeVar
from uuid import UUID

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from shared.actions.delete_project import delete_project
from shared.actions.leases import release_all
from shared.actions.publish_outbox import publish_outbox
from shared.actions.recompute_dashboard import refresh_dashboard
from shared.database import stats
from shared.database.cancelling import Scope
from shared.database.transaction import Transaction
from shared.domain.errors import ConflictError
from shared.domain.events import ImageStatusUpdate
from shared.domain.images import ACTIVE_STATUSES, ImageStatus
from shared.domain.runs import ClaimedRun, FailureCode
from shared.domain.stats import ProjectStats
from tests.integration.lab import Lab
from tests.integration.rows import counts_of
from tests.integration.tally.acts import MACHINERY, PEOPLE, WORK, Act
from tests.integration.tally.audit import offences

T = TypeVar("T")
GONE = UUID(int=0)


class AnyOrder(RuleBasedStateMachine):
    """Two people, their projects, two workers with two children each."""

    def __init__(self, lab: Lab) -> None:
        super().__init__()
        lab.forget_everything()
        self.lab = Lab(lab.database)
        self.seen: dict[UUID, ProjectStats] = {}
        self.working: list[ClaimedRun] = []
        self.ended: list[ClaimedRun] = []
        self.people: list[UUID] = []
        self.owners: dict[UUID, UUID] = {}
        self.uploads: dict[UUID, int] = {}
        self.completions: dict[UUID, int] = {}
        self.told: dict[UUID, tuple[int, str]] = {}

    @initialize()
    def begin(self) -> None:
        self.people = [self.lab.user("Ada"), self.lab.user("Bob")]
        self.uploads = dict.fromkeys(self.people, 0)
        self.completions = dict.fromkeys([*self.people, GONE], 0)
        self.lab.engine()
        for name in ("w1", "w2"):
            self.lab.worker(slots=2, name=name)
        for person in self.people:
            self.owners[self.lab.project(person)] = person
        for place in (0, 1):
            self.upload(place, ["content-0", "content-1", "content-2"])
            self.segment(place, "all", 0, {})

    # Three rules and not one for each act: Hypothesis leaves some rules out of each example, and
    # without delivery, say, nothing would ever be segmented.

    @rule(act=PEOPLE)
    def people_do(self, act: Act) -> None:
        getattr(self, act[0])(**act[1])

    @rule(act=WORK)
    def workers_do(self, act: Act) -> None:
        getattr(self, act[0])(**act[1])

    @rule(act=MACHINERY)
    def machinery_does(self, act: Act) -> None:
        getattr(self, act[0])(**act[1])

    # What people do

    def make_project(self, who: int) -> None:
        person = pick(self.people, who)
        self.owners[self.lab.project(person)] = person

    def upload(self, where: int, shas: list[str]) -> None:
        project = pick(self.projects, where)
        self.uploads[self.owners[project]] += len(self.lab.upload(project, shas))

    def delete_images(self, where: int, which: int, many: bool) -> None:
        project = pick(self.projects, where)
        images = self.images(project)
        doomed = images[::3] if many else [pick(images, which)] if images else []
        assert self.lab.delete(project, doomed) == len(doomed)

    def segment(self, where: int, select: str, which: int, options: dict[str, Any]) -> None:
        project = pick(self.projects, where)
        images = self.images(project)
        chosen = [pick(images, which)] if images else []
        before = self.lab.stats(project)
        batch = self.lab.segment(project, chosen if select == "ids" else select, **options)
        after = self.lab.stats(project)
        assert after.queued_count == before.queued_count + batch.queued

    def retry(self, where: int, code: FailureCode) -> None:
        project = pick(self.projects, where)
        before = self.lab.stats(project)
        batch = self.lab.segment(project, "failed", failure_code=code, again=True)
        after = self.lab.stats(project)
        assert after.failed_count == before.failed_count - batch.queued

    def repeat(self, where: int, which: int) -> None:
        runs = self.lab.runs(pick(self.projects, where))
        if runs:
            with suppress(ConflictError):
                self.lab.repeat(pick(runs, which).id)

    def choose_result(self, where: int, which: int) -> None:
        runs = self.lab.runs(pick(self.projects, where), "succeeded")
        if runs:
            run = pick(runs, which)
            with suppress(ConflictError):
                self.lab.choose(run.image_id, run.id)
                assert self.lab.image(run.image_id).current_run_id == run.id

    def edit(self, where: int, which: int, objects: int) -> None:
        images = self.images(pick(self.projects, where))
        if images:
            before = self.lab.image(pick(images, which))
            run = self.lab.edit(before.id, objects)
            after = self.lab.image(before.id)
            assert (after.current_run_id, after.object_count) == (run, objects)
            settled = ImageStatus.SEGMENTED if objects else ImageStatus.NO_OBJECTS
            assert after.status == (before.status if before.status in ACTIVE_STATUSES else settled)

    def cancel(self, scope: Scope, where: int, which: int) -> None:
        project = pick(self.projects, where)
        runs = self.lab.runs(project)
        run = pick(runs, which) if runs else None
        ids = {Scope.PROJECT: project, Scope.USER: self.owners[project]}
        if run is not None:
            ids |= {Scope.IMAGE: run.image_id, Scope.BATCH: run.batch_id}
        before = self.active()
        done = self.lab.cancel(scope, ids.get(scope, GONE))
        assert self.active() == before - done.waiting - done.running
        if scope == Scope.PROJECT:
            assert self.lab.stats(project).pending_count == 0

    def rename(self, where: int) -> None:
        project = pick(self.projects, where)
        before = self.lab.stats(project)
        self.lab.rename(project)
        assert self.lab.stats(project).version == before.version + 1

    def roll_back(self, where: int) -> None:
        before = self.lab.stats(pick(self.projects, where))

        def change_and_fail(tx: Transaction) -> None:
            tx.execute(text("DELETE FROM images"))
            raise LookupError

        with suppress(LookupError):
            self.lab.database.transact(change_and_fail)
        assert self.lab.stats(before.project_id) == before

    def delete_project(self, where: int) -> None:
        if len(self.projects) <= len(self.people):
            return
        project = pick(self.projects, where)
        assert delete_project(self.lab.database, self.lab.queue, project)
        del self.owners[project]
        self.seen.pop(project, None)
        assert self.lab.fold(project) is None
        assert self.lab.deltas(project) == []

    # What the machinery does

    def take_up(self, old: int, count: int, child: tuple[str, int]) -> None:
        """Dispatch and deliver; messages are never taken out, so each may come again."""
        self.lab.dispatch()
        messages = self.lab.queue.segments
        for message in [*messages[old % 20 : old % 20 + 1], *messages[-count:]]:
            run = self.lab.claim(message.run_id, worker=child[0], pid=child[1])
            if run is not None:
                self.working.append(run)

    def settle(self, outcomes: list[int | FailureCode]) -> None:
        """Let runs end, the good and the bad, those that are fenced among them."""
        for run, outcome in zip(self.working[:], outcomes, strict=False):
            held = self.holds(run)
            if isinstance(outcome, FailureCode):
                assert self.lab.fail(run, outcome) == held
            else:
                assert self.lab.complete(run, outcome, ms=10 * outcome) == held
                shown = held and self.lab.run(run.id).outrun_by is None
                self.completions[self.owners.get(run.project_id, GONE)] += shown
            self.working.remove(run)
            self.ended.append(run)

    def outcome_that_comes_twice(self, which: int, good: bool) -> None:
        if not self.ended:
            return
        run = pick(self.ended, which)
        assert not (self.lab.complete(run) if good else self.lab.fail(run))

    def child_dies(self, child: tuple[str, int]) -> None:
        """Its late outcomes may still come: they stay in `working`."""
        self.lab.hand_back(*child)

    def worker_is_gone(self, child: tuple[str, int], politely: bool) -> None:
        if politely:
            release_all(self.lab.database, worker=child[0])
        self.lab.sql(
            "UPDATE runs SET lease_until = clock_timestamp() - interval '1 second'"
            " WHERE worker = :worker AND status = 'running'",
            worker=child[0],
        )
        self.lab.reap()

    def fold(self, where: int) -> None:
        project = pick(self.projects, where)
        before = self.lab.stats(project)
        self.lab.fold(project)
        assert self.lab.stats(project) == before
        assert self.lab.deltas(project) == []

    def publish(self) -> None:
        publish_outbox(self.lab.database, self.lab.publisher, self.lab.queue)
        for _, event, _ in self.lab.publisher.events:
            if isinstance(event, ImageStatusUpdate):
                for image in event.images:
                    last = self.told.get(image.image_id, (0, ""))
                    self.told[image.image_id] = max(last, (image.version, image.status))
        self.lab.publisher.events.clear()
        for row in self.lab.sql("SELECT id, status, status_version FROM images"):
            if row.status_version > 1:
                assert self.told[row.id] == (row.status_version, row.status)

    # What always holds

    @invariant()
    def the_tally_is_exact_and_never_goes_back(self) -> None:
        with self.lab.database.reading() as connection:
            for project, now in stats.read_many(connection, self.projects).items():
                assert counts_of(now) == stats.recount(connection, project)
                before = self.seen.get(project)
                if before is not None:
                    assert now.version > before.version or now == before
                self.seen[project] = now

    def teardown(self) -> None:
        with self.lab.database.reading() as connection:
            assert offences(connection) == {}
        for person in self.people:
            self.the_dashboard_is_the_sum(person)

    def the_dashboard_is_the_sum(self, person: UUID) -> None:
        mine = [self.lab.stats(project) for project, who in self.owners.items() if who == person]
        metrics = refresh_dashboard(self.lab.database, person)
        assert metrics.total_projects == len(mine)
        assert metrics.total_images == sum(found.image_count for found in mine)
        assert metrics.total_objects == sum(found.object_count for found in mine)
        assert metrics.total_segmented == sum(found.segmented_count for found in mine)
        acts = metrics.recent_activity
        assert acts.images_uploaded_today == self.uploads[person]
        assert acts.segmentations_completed_today == self.completions[person]
        assert metrics.system_stats.queue_length == sum(found.queued_count for found in mine)

    @property
    def projects(self) -> list[UUID]:
        return list(self.owners)

    def images(self, project: UUID) -> list[UUID]:
        rows = self.lab.sql(
            "SELECT id FROM images WHERE project_id = :project ORDER BY sha256", project=project
        )
        return [row.id for row in rows]

    def active(self) -> int:
        found: int = self.lab.value(
            "SELECT count(*) FROM runs WHERE status IN ('queued', 'running')"
        )
        return found

    def holds(self, run: ClaimedRun) -> bool:
        """Tell whether the run is still this claim's."""
        return bool(
            self.lab.sql("SELECT FROM runs WHERE id = :id AND token = :t", id=run.id, t=run.token)
        )


def pick(some: Sequence[T], number: int) -> T:
    return some[number % len(some)]


def test_no_order_of_acts_moves_the_tally(lab: Lab) -> None:
    run_state_machine_as_test(
        lambda: AnyOrder(lab),
        settings=settings(
            max_examples=15,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
        ),
    )
