"""The pulse of a worker: what its parent process does for its children (rules.md C.20)."""

from dataclasses import dataclass, field
from threading import Event
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from shared.database.workers import online_workers
from shared.domain.runs import RunStatus
from tests.integration.lab import Lab
from worker.heartbeat import BEAT_SECONDS, Heartbeat

LEASE = 45


@dataclass
class FakePool:
    """Children that the test lets live and die."""

    slots: int = 2
    live: set[int] = field(default_factory=lambda: {1, 2})
    at_work: set[int] = field(default_factory=lambda: {1, 2})

    def pids(self) -> set[int]:
        return set(self.live)

    def busy(self) -> set[int]:
        return set(self.at_work)


@pytest.fixture
def pool() -> FakePool:
    return FakePool()


@pytest.fixture
def heartbeat(lab: Lab, pool: FakePool) -> Heartbeat:
    return Heartbeat(
        database=lab.database,
        queue=lab.queue,
        pool=pool,
        worker="w1",
        queues=["segment.cpu"],
        engines=["noop"],
        lease_seconds=LEASE,
    )


@pytest.fixture
def project(lab: Lab) -> UUID:
    return lab.project()


def online(lab: Lab) -> list[Any]:
    with lab.database.reading() as connection:
        return online_workers(connection)


def still_leased(lab: Lab) -> set[UUID]:
    rows = lab.sql("SELECT id FROM runs WHERE lease_until > clock_timestamp()")
    return {row.id for row in rows}


def test_a_beat_says_that_the_worker_is_there(lab: Lab, heartbeat: Heartbeat) -> None:
    heartbeat.beat_once(0.0)

    [worker] = online(lab)
    assert (worker.worker, worker.queues, worker.slots) == ("w1", ["segment.cpu"], 2)


def test_it_beats_when_a_beat_is_due(lab: Lab, heartbeat: Heartbeat) -> None:
    heartbeat.beat_once(0.0)
    lab.sql("DELETE FROM worker_heartbeats")

    heartbeat.beat_once(BEAT_SECONDS / 2)
    assert online(lab) == []
    heartbeat.beat_once(BEAT_SECONDS)
    assert len(online(lab)) == 1


def test_the_leases_of_children_at_work_are_renewed(
    lab: Lab, heartbeat: Heartbeat, project: UUID
) -> None:
    runs = {lab.claimed(lab.one_run(project).id, pid=pid).id for pid in (1, 2)}
    lab.expire_leases()

    heartbeat.beat_once(0.0)

    assert still_leased(lab) == runs


def test_a_third_of_the_lease_goes_by_between_renewals(
    lab: Lab, heartbeat: Heartbeat, project: UUID
) -> None:
    heartbeat.beat_once(0.0)
    run = lab.claimed(lab.one_run(project).id, pid=1)
    lab.expire_leases()

    heartbeat.beat_once(LEASE / 3 - 1)
    assert still_leased(lab) == set()
    heartbeat.beat_once(LEASE / 3)
    assert still_leased(lab) == {run.id}


def test_a_child_that_is_at_no_task_keeps_no_run(
    lab: Lab, heartbeat: Heartbeat, pool: FakePool, project: UUID
) -> None:
    """S3: its task ended without an outcome, because the database was away just then."""
    left = lab.claimed(lab.one_run(project).id, pid=1)
    lab.expire_leases()
    pool.at_work = set()

    heartbeat.beat_once(0.0)

    assert still_leased(lab) == set()
    assert lab.reap() == [left.id]


def test_the_run_of_a_dead_child_waits_again_at_once(
    lab: Lab, heartbeat: Heartbeat, pool: FakePool, project: UUID
) -> None:
    """S3: not its lease is waited for."""
    heartbeat.beat_once(0.0)
    dead, alive = (lab.claimed(lab.one_run(project).id, pid=pid) for pid in (1, 2))
    pool.live = {2, 3}

    heartbeat.beat_once(0.5)

    assert lab.run(dead.id).status == RunStatus.QUEUED
    assert lab.run(alive.id).status == RunStatus.RUNNING


def test_a_new_child_may_hold_a_run_before_it_was_seen(
    lab: Lab, heartbeat: Heartbeat, pool: FakePool, project: UUID
) -> None:
    """Only who was seen alive can be missed."""
    heartbeat.beat_once(0.0)
    run = lab.claimed(lab.one_run(project).id, pid=3)

    heartbeat.beat_once(0.5)

    assert lab.run(run.id).status == RunStatus.RUNNING


def test_a_hand_back_that_failed_is_tried_again(
    lab: Lab, heartbeat: Heartbeat, pool: FakePool, project: UUID
) -> None:
    heartbeat.beat_once(0.0)
    run = lab.claimed(lab.one_run(project).id, pid=1)
    pool.live = {2}
    heartbeat.database = SimpleNamespace(transact=None)  # The database is away.
    with pytest.raises(TypeError):
        heartbeat.beat_once(0.5)

    heartbeat.database = lab.database
    heartbeat.beat_once(1.0)

    assert lab.run(run.id).status == RunStatus.QUEUED


def test_other_workers_are_left_alone(
    lab: Lab, heartbeat: Heartbeat, pool: FakePool, project: UUID
) -> None:
    heartbeat.beat_once(0.0)
    stranger = lab.claimed(lab.one_run(project).id, worker="w2", pid=1)
    lab.expire_leases()
    pool.live = {2}

    heartbeat.beat_once(LEASE)

    assert lab.run(stranger.id).status == RunStatus.RUNNING
    assert still_leased(lab) == set()


def test_a_worker_that_stops_says_good_bye(lab: Lab, heartbeat: Heartbeat) -> None:
    stopping = Event()
    stopping.set()
    heartbeat.beat_once(0.0)

    heartbeat.run(stopping)

    assert online(lab) == []
