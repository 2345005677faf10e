"""`celltally stats reconcile`: drift is found, repaired by a delta, and versions are raised."""

from uuid import UUID

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from shared.actions.reconcile_stats import bump_versions, drifted_projects, repair
from shared.cli import celltally
from shared.database.engine import plain_url
from shared.database.transaction import Transaction
from shared.domain.stats import VERSION_BUMP
from tests.integration.lab import Lab
from tests.integration.rows import counts_of


@pytest.fixture
def project(lab: Lab) -> UUID:
    project = lab.project()
    lab.images(project, 5)
    return project


def change_uncounted(lab: Lab, statement: str) -> None:
    """Run *statement* with the triggers off, as nothing in the program can."""

    def act(tx: Transaction) -> None:
        tx.execute(text("ALTER TABLE images DISABLE TRIGGER USER"))
        tx.execute(text(statement))
        tx.execute(text("ALTER TABLE images ENABLE TRIGGER USER"))

    lab.database.transact(act)


def reconcile(lab: Lab, monkeypatch: pytest.MonkeyPatch, *options: str) -> Result:
    monkeypatch.setenv("CELLTALLY_DATABASE_URL", plain_url(lab.database.url))
    monkeypatch.setenv("CELLTALLY_REDIS_URL", "redis://127.0.0.1:1")  # Not needed for it.
    return CliRunner().invoke(celltally, ["stats", "reconcile", *options])


def test_a_right_tally_is_no_drift_folded_or_not(lab: Lab, project: UUID) -> None:
    assert list(drifted_projects(lab.database)) == []

    lab.fold(project)

    assert list(drifted_projects(lab.database)) == []


def test_drift_tells_by_how_much_the_rows_differ(lab: Lab, project: UUID) -> None:
    lab.fold(project)
    change_uncounted(lab, "UPDATE images SET status = 'segmented', object_count = 7")

    [drift] = drifted_projects(lab.database)

    assert drift.project_id == project
    assert drift.differences == {"uploaded": -5, "segmented": 5, "objects": 35}


def test_a_repair_appends_one_delta_that_is_announced_as_reconciled(
    lab: Lab, project: UUID
) -> None:
    lab.fold(project)
    change_uncounted(lab, "DELETE FROM images WHERE id = (SELECT min(id::text)::uuid FROM images)")
    before = lab.stats(project).version

    repair(lab.database, project)

    assert lab.is_exact(project)
    assert lab.stats(project).version == before + 1
    update = lab.fold(project)
    assert update is not None
    assert update.operation == "reconciled"
    assert counts_of(update.stats) == counts_of(lab.stats(project))


def test_repairing_twice_corrects_once(lab: Lab, project: UUID) -> None:
    change_uncounted(lab, "UPDATE images SET status = 'queued'")

    repair(lab.database, project)
    repair(lab.database, project)

    assert lab.is_exact(project)
    assert len(lab.deltas(project)) == 2


def test_two_repairs_at_once_correct_once(lab: Lab, project: UUID) -> None:
    """The second waits for the row of stats, and finds nothing left to correct."""
    change_uncounted(lab, "UPDATE images SET status = 'queued'")
    lab.fold(project)

    with lab.threads(4) as pool:
        for one in [pool.submit(repair, lab.database, project) for _ in range(4)]:
            one.result(60)

    assert lab.is_exact(project)
    assert len(lab.deltas(project)) == 1


def test_a_missing_row_of_stats_is_made_again(lab: Lab, project: UUID) -> None:
    lab.fold(project)
    lab.sql("DELETE FROM project_stats WHERE project_id = :p", p=project)

    [drift] = drifted_projects(lab.database)
    repair(lab.database, drift.project_id)

    assert lab.is_exact(project)


def test_a_bump_raises_every_version_and_changes_no_count(lab: Lab, project: UUID) -> None:
    lab.fold(project)
    image = lab.sql("SELECT id, status_version FROM images LIMIT 1")[0]
    before = lab.stats(project)

    assert bump_versions(lab.database) == 1

    after = lab.stats(project)
    assert after.version == before.version + VERSION_BUMP
    assert counts_of(after) == counts_of(before)
    assert lab.image(image.id).status_version == image.status_version + VERSION_BUMP


def test_after_a_bump_the_sweep_announces_every_project_again(lab: Lab, project: UUID) -> None:
    lab.fold(project)

    bump_versions(lab.database)
    update = lab.fold(project)

    assert update is not None
    assert update.stats.version == lab.stats(project).version


def test_the_command_prints_drift_and_fails(
    lab: Lab, project: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_uncounted(lab, "UPDATE images SET status = 'queued'")

    shown = reconcile(lab, monkeypatch)

    assert shown.exit_code == 1
    assert f"{project}  Spheroids: the rows differ by uploaded -5, queued +5" in shown.output
    assert "stats reconcile --repair" in shown.stderr
    assert not lab.is_exact(project)


def test_the_command_repairs_and_is_content(
    lab: Lab, project: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_uncounted(lab, "UPDATE images SET status = 'queued'")

    repaired = reconcile(lab, monkeypatch, "--repair")
    again = reconcile(lab, monkeypatch)

    assert (repaired.exit_code, again.exit_code) == (0, 0)
    assert "1 project repaired" in repaired.output
    assert "the counts of all projects are those of their rows" in again.output
    assert lab.is_exact(project)


def test_the_command_raises_versions(
    lab: Lab, project: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = lab.stats(project).version

    shown = reconcile(lab, monkeypatch, "--bump")

    assert shown.exit_code == 0
    assert "raised the versions of 1 projects" in shown.output
    assert lab.stats(project).version == before + VERSION_BUMP
