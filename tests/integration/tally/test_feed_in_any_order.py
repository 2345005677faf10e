"""Whatever is done, the feed is what a simple model says, read, heard or merged (D3, R7)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID, uuid4

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from shared.actions.cancel_runs import cancel_runs
from shared.actions.create_project import create_project
from shared.actions.delete_project import delete_project
from shared.database.cancelling import Scope
from shared.database.projects import NewProject
from shared.domain.activities import Activity
from shared.domain.events import Operation
from shared.domain.runs import FailureCode
from tests.integration.lab import Lab
from tests.integration.tally.test_feed import feed, heard, merged, publish

T = TypeVar("T")
Line = tuple[str, UUID, str, int | None, int | None]
PICKS = st.integers(min_value=0, max_value=20)


def pick(some: Sequence[T], number: int) -> T:
    return some[number % len(some)]


def line(entry: Activity) -> Line:
    """Return what the model knows of an entry."""
    assert entry.project_id is not None
    details = entry.details
    return (entry.type, entry.project_id, entry.actor_name, details.count, details.failed)


@dataclass(eq=False)  # Two of the same numbers are two.
class Batch:
    """What the model knows of a request to segment."""

    project: UUID
    actor: str
    succeeded: int = 0
    failed: int = 0

    @property
    def line(self) -> Line:
        kind = "segmentation_completed" if self.succeeded else "segmentation_failed"
        return (kind, self.project, self.actor, self.succeeded + self.failed, self.failed)


@dataclass
class Model:
    """The feed as a list; a batch is in it from its first outcome on."""

    lines: list[Line | Batch] = field(default_factory=list)
    batches: dict[UUID, Batch] = field(default_factory=dict)
    unpublished: list[UUID] = field(default_factory=list)  #: Batches that begin when it publishes.

    def add(self, kind: str, project: UUID, actor: str, count: int | None = None) -> None:
        self.lines.append((kind, project, actor, count, None))

    def expected(self) -> list[Line]:
        whole = self.lines + [self.batches[each] for each in self.unpublished]
        return sorted(each.line if isinstance(each, Batch) else each for each in whole)


class Feed(RuleBasedStateMachine):
    """Ada, who owns the projects, and Bob, who shares them."""

    def __init__(self, lab: Lab) -> None:
        super().__init__()
        lab.forget_everything()
        self.lab = Lab(lab.database)
        self.model = Model()
        self.projects: list[UUID] = []
        self.people: dict[str, UUID] = {}

    @initialize()
    def begin(self) -> None:
        self.lab.engine()
        self.people = {"Ada": self.lab.user("Ada"), "Bob": self.lab.user("Bob")}
        self.make_project()

    @rule()
    def make_project(self) -> None:
        new = NewProject(self.people["Ada"], "Spheroids")
        project = self.lab.database.transact(lambda tx: create_project(tx, self.lab.queue, new))
        self.lab.let_in(project, self.people["Bob"])
        self.projects.append(project)
        self.model.add("project_created", project, "Ada")

    @rule(where=PICKS)
    def rename(self, where: int) -> None:
        project = pick(self.projects, where)
        self.lab.rename(project, title=uuid4().hex)
        self.model.add("project_renamed", project, "Ada")

    @rule(where=PICKS, count=st.integers(1, 4), who=st.sampled_from(["Ada", "Bob"]))
    def segment(self, where: int, count: int, who: str) -> None:
        project = pick(self.projects, where)
        images = self.lab.images(project, count)
        batch = self.lab.segment(project, images, user_id=self.people[who])
        self.model.batches[batch.id] = Batch(project, who)

    @rule(count=st.integers(1, 5), good=st.booleans(), twice=st.booleans())
    def work(self, count: int, good: bool, twice: bool) -> None:
        waiting = self.lab.sql("SELECT id FROM runs WHERE status = 'queued' ORDER BY seq LIMIT 5")
        for row in waiting[:count]:
            run, batch_id = self.lab.claimed(row.id), self.lab.run(row.id).batch_id
            for _ in range(1 + twice):  # A double is refused, and counts nothing.
                if good:
                    self.lab.complete(run)
                else:
                    self.lab.fail(run, FailureCode.UNREADABLE_IMAGE)
            batch = self.model.batches[batch_id]
            batch.succeeded += good
            batch.failed += not good
            if batch not in self.model.lines and batch_id not in self.model.unpublished:
                self.model.unpublished.append(batch_id)

    @rule(where=PICKS, who=st.sampled_from(["Ada", "Bob"]))
    def cancel(self, where: int, who: str) -> None:
        project = pick(self.projects, where)
        done = self.lab.database.transact(
            lambda tx: cancel_runs(tx, Scope.PROJECT, project, actor_id=self.people[who]),
            operation=Operation.SEGMENTATION_CANCELLED,
        )
        if done.waiting + done.running:
            self.model.add("segmentation_cancelled", project, who, done.waiting + done.running)

    @rule(where=PICKS)
    def delete_images(self, where: int) -> None:
        """What their runs led to stays told."""
        project = pick(self.projects, where)
        rows = self.lab.sql("SELECT id FROM images WHERE project_id = :id LIMIT 2", id=project)
        if rows:
            self.publish()
            self.lab.delete(project, [row.id for row in rows])
            self.model.add("images_deleted", project, "Ada", len(rows))

    @rule(where=PICKS)
    def delete_project(self, where: int) -> None:
        if len(self.projects) > 1:
            self.publish()
            project = pick(self.projects, where)
            assert delete_project(self.lab.database, self.lab.queue, project)
            self.projects.remove(project)
            self.model.add("project_deleted", project, "Ada")

    @rule()
    def publish(self) -> None:
        publish(self.lab)
        self.model.lines += [self.model.batches[each] for each in self.model.unpublished]
        self.model.unpublished.clear()

    @rule()
    def a_minute_goes_by(self) -> None:
        self.lab.sql("UPDATE activities SET at = at - interval '61 seconds'")

    @invariant()
    def both_read_the_same(self) -> None:
        if self.people:
            assert feed(self.lab, self.people["Ada"]) == feed(self.lab, self.people["Bob"])

    def teardown(self) -> None:
        if not self.people:
            return
        self.publish()
        for person in self.people.values():
            stored = feed(self.lab, person)
            assert sorted(line(entry) for entry in stored) == self.model.expected()
            told = merged(heard(self.lab, person))
            assert {k: line(v) for k, v in told.items()} == {e.id: line(e) for e in stored}
            assert {k: v.version for k, v in told.items()} == {e.id: e.version for e in stored}


def test_no_order_of_acts_makes_another_feed_than_the_model(lab: Lab) -> None:
    run_state_machine_as_test(
        lambda: Feed(lab),
        settings=settings(
            max_examples=15,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
