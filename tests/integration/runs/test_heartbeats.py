"""The pulse of a worker: what its parent process does for its children (rules.md C.20)."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from shared.actions.exports import ask_export
from shared.actions.write_export import claim_export
from shared.database.exports import NewExport
from shared.database.leases import Holding
from shared.database.workers import online_workers
from shared.domain.exports import ExportFormat, Selection
from shared.domain.runs import Claimant, ClaimedRun, FailureCode, RunStatus
from shared.latch import Latch
from tests.integration.lab import Lab
from worker.endings import Endings
from worker.heartbeat import BEAT_SECONDS, Heartbeat
from worker.strays import STRAY_SECONDS, Strays

LEASE = 45


@dataclass
class FakePool:
    """Children that the test lets live and die."""

    live: set[int] = field(default_factory=lambda: {1, 2})
    busy: set[Holding] = field(default_factory=set)
    writing: set[int] = field(default_factory=set)

    def pids(self) -> set[int]:
        return set(self.live)

    def at_work(self) -> set[Holding]:
        return set(self.busy)

    def exporting(self) -> set[int]:
        return set(self.writing)


@dataclass
class FakeTurns:
    """Turns of which the test says who is late."""

    places: int = 2
    late: set[int] = field(default_factory=set)
    told: dict[int, tuple[int, int]] = field(default_factory=dict)

    def progress(self) -> dict[int, tuple[int, int]]:
        return dict(self.told)

    def overdue(self) -> set[int]:
        return set(self.late)


@pytest.fixture
def turns() -> FakeTurns:
    return FakeTurns()


@pytest.fixture
def pool() -> FakePool:
    return FakePool()


@pytest.fixture
def endings() -> Endings:
    return Endings()


@pytest.fixture
def killed() -> list[int]:
    return []


@pytest.fixture
def heartbeat(
    lab: Lab, pool: FakePool, endings: Endings, turns: FakeTurns, killed: list[int]
) -> Heartbeat:
    return Heartbeat(
        database=lab.database,
        pool=pool,
        strays=Strays(pool.at_work, kill=killed.append),
        endings=endings,
        turns=turns,
        kill=killed.append,
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


def at_work(
    lab: Lab, pool: FakePool, project: UUID, *, pid: int = 1, **claimant: Any
) -> ClaimedRun:
    """Have a child be at a run of a new image."""
    run = lab.claimed(lab.one_run(project).id, pid=pid, **claimant)
    pool.busy.add(Holding(pid, run.id))
    return run


def still_leased(lab: Lab) -> set[UUID]:
    rows = lab.sql("SELECT id FROM runs WHERE lease_until > clock_timestamp()")
    return {row.id for row in rows}


def test_a_beat_says_that_the_worker_is_there(lab: Lab, heartbeat: Heartbeat) -> None:
    heartbeat.beat_once(0.0)

    [worker] = online(lab)
    assert (worker.worker, worker.queues, worker.slots) == ("w1", ["segment.cpu"], 2)


def test_a_beat_writes_down_how_far_each_run_is(
    lab: Lab, heartbeat: Heartbeat, pool: FakePool, turns: FakeTurns, project: UUID
) -> None:
    first = at_work(lab, pool, project)
    second = at_work(lab, pool, project, pid=2)
    turns.told = {1: (3, 12), 7: (1, 2)}

    heartbeat.beat_once(0.0)
    turns.told = {}  # It measures: the engine is done with its tiles.
    heartbeat.beat_once(2 * BEAT_SECONDS)

    tiles = [(run.tiles_done, run.tiles_total) for run in map(lab.run, (first.id, second.id))]
    assert tiles == [(3, 12), (None, None)]


def test_another_attempt_begins_with_no_tile(
    lab: Lab, heartbeat: Heartbeat, pool: FakePool, turns: FakeTurns, project: UUID
) -> None:
    run = at_work(lab, pool, project)
    turns.told = {1: (3, 12)}
    heartbeat.beat_once(0.0)

    lab.hand_back("w1", 1)
    again = lab.claimed(run.id, pid=2)

    assert again.attempt == 2
    assert lab.run(run.id).tiles_total is None


def test_it_beats_when_a_beat_is_due(lab: Lab, heartbeat: Heartbeat) -> None:
    heartbeat.beat_once(0.0)
    lab.sql("DELETE FROM worker_heartbeats")

    heartbeat.beat_once(BEAT_SECONDS / 2)
    assert online(lab) == []
    heartbeat.beat_once(BEAT_SECONDS)
    assert len(online(lab)) == 1


def test_the_leases_of_children_at_work_are_renewed(
    lab: Lab, heartbeat: Heartbeat, pool: FakePool, project: UUID
) -> None:
    runs = {at_work(lab, pool, project, pid=pid).id for pid in (1, 2)}
    lab.expire_leases()

    heartbeat.beat_once(0.0)

    assert still_leased(lab) == runs
    assert online(lab)[0].busy == 2


def test_each_beat_renews(lab: Lab, heartbeat: Heartbeat, pool: FakePool, project: UUID) -> None:
    heartbeat.beat_once(0.0)
    run = at_work(lab, pool, project)
    lab.expire_leases()

    heartbeat.beat_once(BEAT_SECONDS / 2)
    assert still_leased(lab) == set()
    heartbeat.beat_once(BEAT_SECONDS)
    assert still_leased(lab) == {run.id}


def test_short_leases_are_renewed_in_time(
    lab: Lab, heartbeat: Heartbeat, pool: FakePool, project: UUID
) -> None:
    heartbeat.lease_seconds = 3
    heartbeat.beat_once(0.0)
    run = at_work(lab, pool, project)
    lab.expire_leases()

    heartbeat.beat_once(1.0)

    assert still_leased(lab) == {run.id}


def test_a_child_that_is_at_no_task_keeps_no_run(
    lab: Lab, heartbeat: Heartbeat, project: UUID
) -> None:
    """S3: its task ended without an outcome, because the database was away just then."""
    left = lab.claimed(lab.one_run(project).id, pid=1)
    lab.expire_leases()

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


def test_a_child_that_died_before_anybody_saw_it_is_missed_too(
    lab: Lab, heartbeat: Heartbeat, project: UUID
) -> None:
    """Q3: an image that kills may meet a child that was forked a moment ago."""
    heartbeat.beat_once(0.0)
    run = lab.claimed(lab.one_run(project).id, pid=3)

    heartbeat.beat_once(0.5)

    assert lab.run(run.id).status == RunStatus.QUEUED


def test_a_child_that_is_forked_while_others_are_looked_for_keeps_its_run(
    lab: Lab, heartbeat: Heartbeat, pool: FakePool, project: UUID
) -> None:
    """Who holds a run is asked before who lives."""
    runs = []
    alive = pool.pids

    def forked_meanwhile() -> set[int]:
        living = alive()
        runs.append(lab.claimed(lab.one_run(project).id, pid=3 + len(runs)))
        pool.live.add(2 + len(runs))
        return living

    pool.pids = forked_meanwhile
    heartbeat.beat_once(0.0)

    assert {lab.run(run.id).status for run in runs} == {RunStatus.RUNNING}


def test_a_hand_back_that_failed_is_tried_again(
    lab: Lab, heartbeat: Heartbeat, pool: FakePool, project: UUID
) -> None:
    heartbeat.beat_once(0.0)
    run = lab.claimed(lab.one_run(project).id, pid=1)
    pool.live = {2}
    heartbeat.database = SimpleNamespace(transact=None, reading=None)  # The database is away.
    with pytest.raises(TypeError):
        heartbeat.beat_once(0.5)

    heartbeat.database = lab.database
    heartbeat.beat_once(1.0)

    assert lab.run(run.id).status == RunStatus.QUEUED


def test_other_workers_are_left_alone(
    lab: Lab, heartbeat: Heartbeat, pool: FakePool, project: UUID
) -> None:
    heartbeat.beat_once(0.0)
    stranger = at_work(lab, pool, project, worker="w2")
    lab.expire_leases()
    pool.live = {2}

    heartbeat.beat_once(LEASE)

    assert lab.run(stranger.id).status == RunStatus.RUNNING
    assert still_leased(lab) == set()


def test_a_worker_that_stops_says_good_bye(lab: Lab, heartbeat: Heartbeat) -> None:
    stopping = Latch()
    stopping.set()
    heartbeat.beat_once(0.0)

    heartbeat.run(stopping)

    assert online(lab) == []


def test_a_child_killed_at_the_time_limit_timed_out(
    lab: Lab, heartbeat: Heartbeat, pool: FakePool, endings: Endings, project: UUID
) -> None:
    """Q8: it is not the worker that was lost."""
    heartbeat.beat_once(0.0)
    run, lost = (lab.claimed(lab.one_run(project).id, pid=pid) for pid in (1, 2))
    lab.sql("UPDATE runs SET attempt = max_attempts")
    endings.note_timeout(run.id)
    pool.live = {3}

    heartbeat.beat_once(0.5)

    assert lab.run(run.id).failure_code == FailureCode.TIMEOUT
    assert lab.run(lost.id).failure_code == FailureCode.WORKER_LOST


def test_a_child_whose_engine_is_beyond_its_hard_limit_is_ended(
    lab: Lab,
    heartbeat: Heartbeat,
    pool: FakePool,
    turns: FakeTurns,
    killed: list[int],
    project: UUID,
) -> None:
    """Q8: it heard of no limit, being deep in native code; the other one is within its time."""
    late, punctual = (at_work(lab, pool, project, pid=pid) for pid in (1, 2))
    lab.sql("UPDATE runs SET attempt = max_attempts")
    turns.late = {1}

    heartbeat.beat_once(0.0)

    assert killed == [1]
    assert lab.run(late.id).failure_code == FailureCode.TIMEOUT
    assert lab.run(punctual.id).status == RunStatus.RUNNING


def test_a_dead_child_is_not_overdue(
    lab: Lab,
    heartbeat: Heartbeat,
    pool: FakePool,
    turns: FakeTurns,
    killed: list[int],
    project: UUID,
) -> None:
    """It was killed a moment ago, and its run may be another child's by now."""
    run = at_work(lab, pool, project, pid=1)
    pool.live, turns.late = {2}, {1}

    heartbeat.beat_once(0.0)

    assert killed == []
    assert lab.run(run.id).retried_because is None


def test_a_reason_is_noted_until_the_database_knows_it(
    lab: Lab, heartbeat: Heartbeat, endings: Endings, project: UUID
) -> None:
    heartbeat.beat_once(0.0)
    run = lab.claimed(lab.one_run(project).id)
    endings.note_timeout(run.id)
    heartbeat.database = SimpleNamespace(transact=None)  # The database is away.
    with pytest.raises(TypeError):
        heartbeat.beat_once(0.5)

    heartbeat.database = lab.database
    heartbeat.beat_once(1.0)

    assert lab.run(run.id).status == RunStatus.QUEUED
    assert endings.noted() == (set(), set())


def test_a_run_broken_off_by_a_stop_uses_up_no_attempt(
    lab: Lab, heartbeat: Heartbeat, pool: FakePool, endings: Endings, project: UUID
) -> None:
    """Q10: its child was killed by Celery's cold stop."""
    heartbeat.beat_once(0.0)
    run = at_work(lab, pool, project)
    endings.note_break(run.id)
    pool.live = set()

    heartbeat.beat_once(0.5)

    assert (lab.run(run.id).status, lab.run(run.id).attempt) == (RunStatus.QUEUED, 0)


def test_what_is_still_held_at_the_end_is_released(
    lab: Lab, heartbeat: Heartbeat, pool: FakePool, project: UUID
) -> None:
    """Q10, rule 20."""
    stopping = Latch()
    stopping.set()
    run = at_work(lab, pool, project)

    heartbeat.run(stopping)

    assert (lab.run(run.id).status, lab.run(run.id).attempt) == (RunStatus.QUEUED, 0)


def beat_until(heartbeat: Heartbeat, seconds: float) -> None:
    """Beat as often as it is due, up to the time *seconds*."""
    for beats in range(int(seconds / BEAT_SECONDS) + 1):
        heartbeat.beat_once(beats * BEAT_SECONDS)


def test_a_child_that_goes_on_with_a_fenced_run_is_ended(
    lab: Lab, heartbeat: Heartbeat, pool: FakePool, killed: list[int], project: UUID
) -> None:
    """Rule 20: it is alive, and deep in an engine."""
    lost = at_work(lab, pool, project, pid=1)
    at_work(lab, pool, project, pid=2)
    lab.delete(project, [lost.image_id])

    beat_until(heartbeat, STRAY_SECONDS - 1)
    assert killed == []
    beat_until(heartbeat, STRAY_SECONDS)

    assert killed == [1]


def test_a_child_that_has_not_claimed_yet_is_waited_for(
    lab: Lab, heartbeat: Heartbeat, pool: FakePool, killed: list[int], project: UUID
) -> None:
    run = lab.one_run(project)
    pool.busy = {Holding(1, run.id)}
    beat_until(heartbeat, STRAY_SECONDS - 1)
    lab.claimed(run.id, pid=1)

    heartbeat.beat_once(STRAY_SECONDS)
    heartbeat.beat_once(10 * STRAY_SECONDS)

    assert killed == []


def test_a_child_that_finished_meanwhile_is_not_ended(
    lab: Lab, heartbeat: Heartbeat, pool: FakePool, killed: list[int], project: UUID
) -> None:
    """It may be at somebody else's image by now."""
    lost = at_work(lab, pool, project)
    lab.delete(project, [lost.image_id])
    beat_until(heartbeat, STRAY_SECONDS - 1)
    heartbeat.strays.at_work = set

    heartbeat.beat_once(STRAY_SECONDS)

    assert killed == []


def test_what_a_dead_child_exported_waits_again(
    lab: Lab, heartbeat: Heartbeat, pool: FakePool, project: UUID
) -> None:
    """E5: as soon as a run of its would."""
    lab.images(project, 1)
    new = NewExport(project, lab.owner(project), (ExportFormat.CSV,), Selection())
    export_id = lab.database.transact(lambda tx: ask_export(tx, new)["id"])
    claimant = Claimant("w1", 1, LEASE)
    lab.database.transact(lambda tx: claim_export(tx, export_id, claimant=claimant))

    heartbeat.beat_once(0.0)
    assert lab.value("SELECT status FROM exports") == "running"
    pool.live.discard(1)
    heartbeat.beat_once(1.0)

    assert lab.value("SELECT status FROM exports") == "queued"


def test_the_lease_of_an_export_is_kept_while_its_child_writes(
    lab: Lab, heartbeat: Heartbeat, pool: FakePool, project: UUID
) -> None:
    """A workbook of a million rows is one step of many minutes."""
    lab.images(project, 1)
    new = NewExport(project, lab.owner(project), (ExportFormat.XLSX,), Selection())

    def begin(pid: int) -> None:
        export_id = lab.database.transact(lambda tx: ask_export(tx, new)["id"])
        claimant = Claimant("w1", pid, LEASE)
        lab.database.transact(lambda tx: claim_export(tx, export_id, claimant=claimant))

    for pid in (1, 2):
        begin(pid)
    lab.sql("UPDATE exports SET lease_until = now()")
    pool.writing = {1}

    heartbeat.beat_once(0.0)

    kept = lab.sql("SELECT pid FROM exports WHERE lease_until > now()")
    assert [row.pid for row in kept] == [1]


def test_a_worker_that_stops_gives_its_exports_back(
    lab: Lab, heartbeat: Heartbeat, project: UUID
) -> None:
    """A deployment uses up no attempt."""
    lab.images(project, 1)
    new = NewExport(project, lab.owner(project), (ExportFormat.CSV,), Selection())
    export_id = lab.database.transact(lambda tx: ask_export(tx, new)["id"])
    claimant = Claimant("w1", 1, LEASE)
    lab.database.transact(lambda tx: claim_export(tx, export_id, claimant=claimant))
    stopping = Latch()
    stopping.set()

    heartbeat.run(stopping)

    [row] = lab.sql("SELECT status, attempt FROM exports")
    assert (row.status, row.attempt) == ("queued", 0)
