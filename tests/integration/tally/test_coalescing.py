"""Many asks, few recounts, and none lost between them (rules.md A.7)."""

from dataclasses import dataclass, field
from uuid import UUID

import pytest

from shared.database.stats import BACKLOG, FLOOD
from shared.domain.channels import Channel, ChannelKind
from shared.messaging.memory import MemoryEventPublisher, MemoryTaskQueue
from tests.integration.interleaving import held
from tests.integration.lab import Lab
from worker import recounting
from worker.recounting import (
    DASHBOARD_INTERVAL,
    STATS_INTERVAL,
    recount_dashboard,
    recount_project,
)


@dataclass
class OneAskQueue(MemoryTaskQueue):
    """Takes an ask only while none of the same project is on its way, as the key in Redis does."""

    asked: set[UUID] = field(default_factory=set)
    later: list[tuple[UUID, float]] = field(default_factory=list)

    def ask_recompute(self, project_id: UUID) -> None:
        if project_id not in self.asked:
            self.asked.add(project_id)
            super().ask_recompute(project_id)

    def stats_begin(self, project_id: UUID) -> None:
        self.asked.discard(project_id)

    def recompute_later(self, project_id: UUID, seconds: float) -> None:
        self.later.append((project_id, seconds))

    dashboard_begins = stats_begin
    dashboard_later = recompute_later


@dataclass
class Recounting:
    """A worker of the queue `stats`."""

    lab: Lab
    queue: OneAskQueue
    publisher: MemoryEventPublisher

    @property
    def database(self) -> object:
        return self.lab.database


@pytest.fixture
def here(lab: Lab) -> Recounting:
    lab.queue = OneAskQueue()
    return Recounting(lab, lab.queue, lab.publisher)


@pytest.fixture
def project(lab: Lab, here: Recounting) -> UUID:
    return lab.project()


def change(lab: Lab, project: UUID) -> None:
    """Change something and ask, as every action does."""
    lab.rename(project)


def test_many_changes_ask_once(lab: Lab, here: Recounting, project: UUID) -> None:
    for _ in range(5):
        change(lab, project)

    assert here.queue.recomputed == [project]
    recount_project(here, project)
    assert [version for _, _, version in here.publisher.states] == [5]


def test_a_change_before_the_fold_is_in_it_and_one_after_it_asks_again(
    lab: Lab, here: Recounting, project: UUID
) -> None:
    """The key goes first, and only then the fold is opened."""
    change(lab, project)
    asks_during: list[int] = []

    def during() -> None:
        change(lab, project)
        asks_during.append(len(here.queue.recomputed))

    with held("fold.before_commit", during):
        recount_project(here, project)

    assert asks_during == [2]
    assert lab.stats(project).version == 2
    lab.age()
    recount_project(here, project)
    assert [version for _, _, version in here.publisher.states] == [1, 2]


def test_a_recount_that_comes_too_soon_is_put_off_and_keeps_its_ask(
    lab: Lab, here: Recounting, project: UUID
) -> None:
    """The trailing edge: four a second, and the last one exact."""
    change(lab, project)
    recount_project(here, project)
    change(lab, project)
    lab.sql("UPDATE project_stats SET folded_at = clock_timestamp() + interval '1 second'")

    recount_project(here, project)

    assert len(here.publisher.states) == 1
    assert len(lab.deltas(project)) == 1
    [(put_off, seconds)] = here.queue.later
    assert put_off == project
    assert seconds > STATS_INTERVAL
    change(lab, project)
    assert here.queue.recomputed == [project, project]  # The change asked nobody anew.

    lab.age()
    recount_project(here, project)
    assert [version for _, _, version in here.publisher.states] == [1, 3]


def test_of_two_recounts_at_once_the_second_is_put_off(
    lab: Lab, here: Recounting, project: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both found the project rested; the second gets the lock when the first has folded."""
    monkeypatch.setattr(recounting, "STATS_INTERVAL", 60.0)
    lab.sql("UPDATE project_stats SET folded_at = folded_at - interval '60 seconds'")
    change(lab, project)

    with held("fold.before_lock", lambda: recount_project(here, project)):
        recount_project(here, project)

    assert [version for _, _, version in here.publisher.states] == [1]
    [(put_off, seconds)] = here.queue.later
    assert put_off == project
    assert 0 < seconds <= 60


def test_while_changes_flood_in_fewer_are_announced(
    lab: Lab, here: Recounting, project: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request of thousands leads to one announcement for fifty images."""
    monkeypatch.setattr(recounting, "STATS_INTERVAL", 0)
    monkeypatch.setattr(recounting, "FLOOD_INTERVAL", 1000)

    def change_often(times: int) -> int:
        for _ in range(times):
            change(lab, project)
        recount_project(here, project)
        return len(here.publisher.states)

    lab.engine()
    lab.images(project, BACKLOG + 1)
    assert change_often(1) == 1
    assert change_often(FLOOD + 1) == 2  # Nothing is still to come.

    lab.segment(project)
    assert change_often(1) == 3
    assert change_often(FLOOD) == 4
    assert change_often(FLOOD + 1) == 4
    [(put_off, _)] = here.queue.later
    assert put_off == project


def test_a_project_that_is_gone_is_recounted_to_nothing(
    lab: Lab, here: Recounting, project: UUID
) -> None:
    change(lab, project)
    lab.sql("DELETE FROM projects")

    recount_project(here, project)

    assert lab.deltas(project) == []


def test_a_dashboard_is_computed_once_a_second(lab: Lab, here: Recounting, project: UUID) -> None:
    owner = lab.value("SELECT owner_id FROM projects")
    here.publisher.watched[Channel(ChannelKind.DASH, owner)] = 1
    recount_dashboard(here, owner)
    lab.images(project)
    lab.sql("UPDATE dashboards SET computed_at = clock_timestamp() + interval '1 second'")

    recount_dashboard(here, owner)

    assert len(here.publisher.states) == 1
    [(_, seconds)] = here.queue.later
    assert seconds > DASHBOARD_INTERVAL
    lab.sql("UPDATE dashboards SET computed_at = NULL")
    recount_dashboard(here, owner)
    assert len(here.publisher.states) == 2
