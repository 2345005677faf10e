"""The scheduler compares every tally with its rows each day, repairs drift and keeps it (S6)."""

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from shared.actions.reconcile_stats import reconcile_some, repair
from shared.database.transaction import Transaction
from shared.latch import Latch
from shared.scheduling import Scheduler, slow_duties_beside
from shared.storage import open_storage
from tests.integration.interleaving import until
from tests.integration.lab import Lab


@pytest.fixture
def scheduler(lab: Lab) -> Scheduler:
    return Scheduler(lab.database, lab.queue, lab.publisher, open_storage("memory:///"))


@pytest.fixture
def project(lab: Lab) -> UUID:
    project = lab.project()
    lab.images(project, 5)
    lab.fold(project)
    return project


@pytest.fixture
def lose_images(lab: Lab) -> Callable[[UUID], None]:
    """Return a function that deletes a project's images with the triggers off."""

    def lose(project: UUID) -> None:
        def act(tx: Transaction) -> None:
            tx.execute(text("ALTER TABLE images DISABLE TRIGGER USER"))
            tx.execute(text("DELETE FROM images WHERE project_id = :p"), {"p": project})
            tx.execute(text("ALTER TABLE images ENABLE TRIGGER USER"))

        lab.database.transact(act)

    return lose


def test_the_duty_finds_repairs_keeps_and_tells_drift(
    lab: Lab, scheduler: Scheduler, project: UUID, lose_images: Callable[[UUID], None]
) -> None:
    lose_images(project)

    with capture_logs() as lines:
        scheduler.reconcile_stats(Latch())

    assert lab.is_exact(project)
    [kept] = lab.sql("SELECT project_id, differences, total FROM drift_found")
    assert tuple(kept) == (project, {"uploaded": -5}, 5)
    [line] = [line for line in lines if line["log_level"] == "error"]
    assert line["project_id"] == str(project)
    assert line["differences"] == {"uploaded": -5}


def test_a_right_tally_is_marked_and_nothing_else(
    lab: Lab, scheduler: Scheduler, project: UUID
) -> None:
    before = lab.stats(project)

    scheduler.reconcile_stats(Latch())

    assert lab.stats(project) == before
    assert lab.sql("SELECT FROM drift_found") == []
    assert lab.value("SELECT reconciled_at > now() - interval '1 minute' FROM project_stats")


def test_a_project_comes_again_after_half_a_day(
    lab: Lab, project: UUID, lose_images: Callable[[UUID], None]
) -> None:
    assert list(reconcile_some(lab.database)) == []
    lose_images(project)

    assert list(reconcile_some(lab.database)) == []  # It had its turn.
    lab.sql("UPDATE project_stats SET reconciled_at = reconciled_at - interval '13 hours'")

    assert [drift.project_id for drift in reconcile_some(lab.database)] == [project]


def test_small_steps_come_to_every_project(lab: Lab, lose_images: Callable[[UUID], None]) -> None:
    projects = [lab.project() for _ in range(5)]
    for project in projects:
        lab.images(project)
        lose_images(project)

    steps = [list(reconcile_some(lab.database, at_most=2)) for _ in range(4)]

    assert [len(step) for step in steps] == [2, 2, 1, 0]
    assert all(lab.is_exact(project) for project in projects)


def test_a_project_without_a_row_of_stats_gets_one(lab: Lab, project: UUID) -> None:
    lab.sql("DELETE FROM project_stats")

    [found] = reconcile_some(lab.database)

    assert found.differences == {"uploaded": 5}
    assert lab.is_exact(project)
    assert list(reconcile_some(lab.database)) == []


def test_a_repair_by_hand_is_kept_as_well_and_once(
    lab: Lab, project: UUID, lose_images: Callable[[UUID], None]
) -> None:
    lose_images(project)

    with lab.threads(2) as pool:
        for one in [pool.submit(repair, lab.database, project) for _ in range(2)]:
            one.result(60)

    assert lab.value("SELECT count(*) FROM drift_found") == 1


def test_one_that_is_locked_keeps_no_other_from_its_turn(
    lab: Lab, project: UUID, lose_images: Callable[[UUID], None]
) -> None:
    other = lab.project()
    lab.images(other)
    lose_images(other)
    with lab.database.engine.begin() as connection:
        locked = "SELECT FROM project_stats WHERE project_id = :p FOR UPDATE"
        connection.execute(text(locked), {"p": project})

        found = list(reconcile_some(lab.database))

    assert [drift.project_id for drift in found] == [other]
    assert lab.value("SELECT count(*) FROM project_stats WHERE reconciled_at IS NULL") == 1


def test_the_leader_does_slow_duties_beside_the_others(
    lab: Lab, scheduler: Scheduler, project: UUID, lose_images: Callable[[UUID], None]
) -> None:
    lose_images(project)

    with slow_duties_beside(scheduler):
        until(lambda: lab.value("SELECT count(*) FROM audits") == 1)

    assert lab.is_exact(project)


def test_a_broken_invariant_is_logged_with_its_remedy(lab: Lab, scheduler: Scheduler) -> None:
    lab.images(lab.project())  # Nothing of it is stored.

    with capture_logs() as lines:
        scheduler.audit(Latch())

    [line] = [line for line in lines if line["event"] == "an invariant is broken"]
    assert line["offenders"] == 1
    assert "backup" in line["remedy"]
