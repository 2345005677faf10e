"""The scheduler's loop: one leader, woken when there is something to do, healing the rest."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from uuid import UUID

import pytest

from shared.actions.delete_project import delete_project
from shared.actions.recompute_dashboard import refresh_dashboard
from shared.domain.channels import Channel, ChannelKind
from shared.domain.runs import RunStatus
from shared.latch import Latch
from shared.scheduling import Scheduler, run
from shared.storage import open_storage
from tests.integration.interleaving import until
from tests.integration.lab import Lab


@pytest.fixture
def scheduler(lab: Lab) -> Scheduler:
    return Scheduler(lab.database, lab.queue, lab.publisher, open_storage("memory:///"))


@contextmanager
def at_work(scheduler: Scheduler) -> Iterator[None]:
    """Have the scheduler run in a thread."""
    stopping = Latch()
    thread = Thread(target=run, args=(scheduler, stopping))
    thread.start()
    yield
    stopping.set()
    thread.join(30)
    assert not thread.is_alive()


@pytest.fixture
def project(lab: Lab) -> UUID:
    lab.engine()
    lab.worker()
    return lab.project()


def do(scheduler: Scheduler, name: str) -> None:
    """Do one of the duties, as when its time has come."""
    [duty] = [duty for duty in scheduler.duties() if duty.name == name]
    duty.do_if_due(time.monotonic())


def test_a_request_is_dispatched(lab: Lab, scheduler: Scheduler, project: UUID) -> None:
    with at_work(scheduler):
        lab.images(project, 2)
        lab.segment(project)

        until(lambda: len(lab.queue.segments) == 2)


def test_all_that_went_wrong_is_healed(lab: Lab, scheduler: Scheduler, project: UUID) -> None:
    """S3: a lost worker, a lost message, a lost ask: each is found by its duty."""
    lost_worker, lost_message = lab.one_run(project), lab.one_run(project)
    lab.claimed(lost_worker.id)
    lab.expire_leases()
    assert lab.dispatch() == [lost_message.id]
    lab.sql("UPDATE runs SET dispatched_at = dispatched_at - interval '1 minute'")
    lab.age()
    lab.queue.segments.clear()
    lab.queue.recomputed.clear()

    with at_work(scheduler):
        both = {lost_worker.id, lost_message.id}
        until(lambda: {sent.run_id for sent in lab.queue.segments} == both)

    assert lab.run(lost_worker.id).status == RunStatus.QUEUED
    assert project in lab.queue.recomputed


def test_a_second_scheduler_waits_for_the_first(
    lab: Lab, scheduler: Scheduler, project: UUID
) -> None:
    idle = Lab(lab.database)
    second = Scheduler(lab.database, idle.queue, idle.publisher, scheduler.storage)
    with at_work(scheduler):
        lab.images(project)
        lab.segment(project)
        until(lambda: lab.queue.segments)  # The first leads.
        with at_work(second):
            lab.images(project, 2)
            lab.segment(project)
            until(lambda: len(lab.queue.segments) == 3)

    assert idle.queue.segments == []


def test_projects_whose_recount_was_lost_are_asked_for(
    lab: Lab, scheduler: Scheduler, project: UUID
) -> None:
    lab.images(project)
    lab.queue.recomputed.clear()
    do(scheduler, "ask for stats")
    assert lab.queue.recomputed == []  # It was a moment ago: its message may be on its way.

    lab.age()
    do(scheduler, "ask for stats")

    assert lab.queue.recomputed == [project]


def test_only_dashboards_that_somebody_watches_are_asked_for(
    lab: Lab, scheduler: Scheduler
) -> None:
    ada, bob = lab.user("Ada"), lab.user("Bob")
    for user in (ada, bob):
        lab.project(user)
    lab.publisher.watched[Channel(ChannelKind.DASH, ada)] = 1
    lab.queue.dashboards.clear()

    do(scheduler, "ask for dashboards")

    assert lab.queue.dashboards == [ada]


def test_everybody_is_told_when_a_worker_comes_or_goes(
    lab: Lab, scheduler: Scheduler, project: UUID
) -> None:
    owner = lab.value("SELECT owner_id FROM projects")
    refresh_dashboard(lab.database, owner)

    def due() -> bool:
        was = lab.value("SELECT due FROM dashboards")
        lab.sql("UPDATE dashboards SET due = false")
        return was

    scheduler.watch_workers()
    assert due()
    scheduler.watch_workers()
    assert not due()
    lab.sql("DELETE FROM worker_heartbeats")
    scheduler.watch_workers()
    assert due()


def test_files_left_behind_are_deleted(lab: Lab, scheduler: Scheduler, project: UUID) -> None:
    run = lab.claimed(lab.one_run(project).id)
    lab.complete(run)
    kept, doomed = f"results/{run.image_id}/other/a", f"results/{run.image_id}/{run.token}/a"
    stored = [lab.image(run.image_id).storage_key, doomed, kept]
    for key in stored:
        scheduler.storage.put(key, b"x")

    do(scheduler, "delete files")
    assert len(list(scheduler.storage.list(""))) == 3
    lab.delete(project, [run.image_id])
    do(scheduler, "delete files")

    assert list(scheduler.storage.list("")) == [kept]
    assert lab.value("SELECT count(*) FROM file_deletions") == 0


def test_a_deletion_that_stopped_half_way_is_finished(
    lab: Lab, scheduler: Scheduler, project: UUID
) -> None:
    """Rule 26: the process that began it is gone, and people see the project no more."""
    lab.images(project, 3)
    assert not delete_project(lab.database, lab.queue, project, budget_seconds=0)
    assert lab.stats(project).image_count == 3

    do(scheduler, "finish deletions")

    assert lab.sql("SELECT id FROM projects") == []
    lab.fold(project)
    assert lab.deltas(project) == []
