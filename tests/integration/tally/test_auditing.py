"""`celltally audit`: each broken invariant is found and named with its remedy (S2, S6)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from shared.actions.audit import Finding, audit_if_due, check_invariants
from shared.cli import celltally
from shared.database.engine import plain_url
from shared.database.transaction import Transaction
from shared.domain.result_files import RESULT_FILES, key_of
from shared.domain.runs import ClaimedRun
from shared.storage import Storage, open_storage
from tests.integration.lab import Lab

FILES = "an image's original or a file of its current result is not stored"
TALLY = "a project's tally is not the count of its rows (S1, S2)"

#: A statement that breaks an invariant, and words of the invariant that it breaks.
BREAKS = {
    "UPDATE runs SET worker = NULL WHERE status = 'running'": "without a worker",
    "UPDATE runs SET lease_until = now() - interval '16 s' WHERE status = 'running'": "lease ended",
    "UPDATE runs SET pid = NULL WHERE status = 'running'": "a running run holds no lease",
    "UPDATE stats_deltas SET at = now() - interval '61 s'": "not folded into its tally",
    "INSERT INTO outbox (channel, type, data, created_at)"
    " VALUES ('user:1', 'notice', '{}', now() - interval '61 s')": "a message is not published",
    "INSERT INTO exports (project_id, user_id, formats, max_attempts, status, attempt, token,"
    " lease_until) SELECT id, owner_id, '{csv}', 3, 'running', 1, gen_random_uuid(),"
    " now() - interval '16 s' FROM projects": "an export is running",
    "UPDATE images SET status = 'uploaded' WHERE status = 'queued'": "queued without a waiting run",
    "UPDATE images SET status = 'uploaded' WHERE status = 'processing'": "without a running run",
    "UPDATE images SET status = 'queued' WHERE status = 'segmented'": "queued without a waiting",
    "UPDATE images SET object_count = 9 WHERE status = 'segmented'": "the current run is not",
    "UPDATE images SET status = 'failed' WHERE status = 'segmented'": "what its current run says",
    "UPDATE images SET status = 'failed' WHERE status = 'queued'": "what its last run says",
    "UPDATE images SET current_run_id = NULL WHERE status = 'segmented'": "counts objects",
    "UPDATE images SET last_error_code = 'timeout' WHERE status = 'segmented'": "does not say why",
    "UPDATE runs SET project_id = gen_random_uuid() WHERE status = 'queued'": "another project",
    "UPDATE runs SET finished_at = NULL WHERE status = 'succeeded'": "says no time",
    "UPDATE project_stats SET uploaded = uploaded + 1": "tally",
}


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return open_storage(f"file://{tmp_path}")


@pytest.fixture
def done(lab: Lab, storage: Storage) -> ClaimedRun:
    """Work of every kind, with its files; return the run that has a result."""
    lab.engine()
    lab.worker()
    project = lab.project()
    done = lab.claimed(lab.one_run(project).id)
    lab.complete(done)
    lab.fold(project)
    lab.claimed(lab.one_run(project).id)
    lab.segment(project, select=lab.images(project))
    for image in lab.sql("SELECT storage_key FROM images"):
        storage.put(image.storage_key, b"pixels")
    for name in RESULT_FILES:
        storage.put(key_of(folder_of(done), name), b"result")
    return done


def folder_of(run: ClaimedRun) -> str:
    return f"results/{run.image_id}/{run.token}/"


def broken(lab: Lab, storage: Storage) -> dict[str, Finding]:
    findings = check_invariants(lab.database, storage)
    return {finding.broken: finding for finding in findings if not finding.holds}


def by_hand(lab: Lab, statement: str) -> None:
    """Run *statement* with the triggers off, as nothing in the program can."""

    def act(tx: Transaction) -> None:
        for table in ("images", "runs"):
            tx.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        tx.execute(text(statement))
        for table in ("images", "runs"):
            tx.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))

    lab.database.transact(act)


def test_work_in_progress_breaks_nothing(lab: Lab, storage: Storage, done: ClaimedRun) -> None:
    assert broken(lab, storage) == {}


@pytest.mark.parametrize("statement", BREAKS)
def test_what_no_action_can_do_is_found(
    lab: Lab, storage: Storage, done: ClaimedRun, statement: str
) -> None:
    by_hand(lab, statement)

    found = broken(lab, storage)

    assert any(BREAKS[statement] in title for title in found), found


def test_two_active_runs_of_an_image_are_found(
    lab: Lab, storage: Storage, done: ClaimedRun
) -> None:
    """Q1: only without the index that forbids it."""
    [index] = lab.sql("SELECT indexdef AS made FROM pg_indexes WHERE indexname ~ 'one_active'")
    lab.sql("DROP INDEX uq_runs_one_active_per_image")
    try:
        lab.sql(
            "UPDATE runs SET image_id = (SELECT image_id FROM runs WHERE status = 'running')"
            " WHERE status = 'queued'"
        )

        assert "an image has two active runs (Q1)" in broken(lab, storage)
    finally:
        lab.forget_everything()
        lab.sql(index.made)


def begun(lab: Lab, **values: object) -> str:
    """Insert an upload of ten bytes and return its id."""
    columns = {"id": uuid4(), "filename": "a.png", "length": 10, "metadata": "", **values}
    names, marks = ", ".join(columns), ", ".join(f":{name}" for name in columns)
    lab.sql(
        f"INSERT INTO uploads (project_id, user_id, expires_at, {names})"
        f" SELECT id, owner_id, now() + interval '1 day', {marks} FROM projects LIMIT 1",
        **columns,
    )
    return str(columns["id"])


def test_an_upload_that_nobody_finishes_is_found(
    lab: Lab, storage: Storage, done: ClaimedRun
) -> None:
    begun(lab, state="finishing", received=10, due_at=datetime.now(UTC))
    late = begun(lab, state="finishing", received=10, due_at=datetime.now(UTC) - timedelta(hours=1))

    [finding] = broken(lab, storage).values()

    assert finding.offenders.first == (late,)
    assert "celltally scheduler" in finding.remedy


def test_a_part_that_is_gone_is_found(lab: Lab, storage: Storage, done: ClaimedRun) -> None:
    storage.put("uploads/1/0.a", b"part")
    begun(lab, parts=["uploads/1/0.a"], received=4)
    incomplete = begun(lab, parts=["uploads/1/0.a", "uploads/2/4.b"], received=8)

    [finding] = broken(lab, storage).values()

    assert finding.offenders.first == (incomplete,)


def test_drift_is_told_with_its_project_and_its_remedy(
    lab: Lab, storage: Storage, done: ClaimedRun
) -> None:
    by_hand(lab, "DELETE FROM images WHERE status = 'queued'")

    finding = broken(lab, storage)[TALLY]

    assert finding.offenders.first == (str(lab.value("SELECT id FROM projects")),)
    assert "stats reconcile --repair" in finding.remedy


@pytest.mark.parametrize("name", RESULT_FILES)
def test_a_missing_file_of_a_current_result_is_found(
    lab: Lab, storage: Storage, done: ClaimedRun, name: str
) -> None:
    storage.delete([key_of(folder_of(done), name)])

    assert broken(lab, storage)[FILES].offenders.first == (str(done.image_id),)


def test_a_missing_original_is_found(lab: Lab, storage: Storage, done: ClaimedRun) -> None:
    storage.delete([lab.image(done.image_id).storage_key])

    assert broken(lab, storage)[FILES].offenders.count == 1


def test_an_image_deleted_while_its_files_are_looked_for_is_no_offender(
    lab: Lab, storage: Storage, done: ClaimedRun
) -> None:
    class Losing(Storage):
        """Has the image deleted just before its file is looked for."""

        def __init__(self) -> None:
            """Look into nothing."""

        def exists(self, key: str) -> bool:
            if lab.sql("SELECT FROM images WHERE storage_key = :key", key=key):
                for image in lab.sql("SELECT id, project_id FROM images"):
                    lab.delete(image.project_id, [image.id])
            return False

    assert FILES not in broken(lab, Losing())


def test_many_offenders_are_counted_and_few_named(lab: Lab, storage: Storage) -> None:
    lab.images(lab.project(), 12)

    offenders = broken(lab, storage)[FILES].offenders

    assert (offenders.count, len(offenders.first)) == (12, 5)


def test_pages_leave_out_no_image(
    lab: Lab, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.actions.audit.PAGE", 5)
    lab.images(lab.project(), 12)

    assert broken(lab, storage)[FILES].offenders.count == 12


def test_a_hurried_audit_looks_at_the_files_of_so_many_images(lab: Lab, storage: Storage) -> None:
    lab.images(lab.project(), 3)

    *_, files = check_invariants(lab.database, storage, most_images=2)

    assert files.offenders.count == 2


def test_an_audit_is_made_once_a_night_and_kept(
    lab: Lab, storage: Storage, done: ClaimedRun
) -> None:
    storage.delete([lab.image(done.image_id).storage_key])

    first = audit_if_due(lab.database, storage, lambda: False)
    second = audit_if_due(lab.database, storage, lambda: False)
    lab.sql("UPDATE audits SET finished_at = finished_at - interval '1 day'")
    third = audit_if_due(lab.database, storage, lambda: False)

    assert [finding.broken for finding in first] == [FILES]
    assert second == []
    assert [finding.broken for finding in third] == [FILES]
    assert [kept.offenders for kept in lab.sql("SELECT offenders FROM audits")] == [{FILES: 1}] * 2


def test_an_audit_that_was_stopped_is_made_again(
    lab: Lab, storage: Storage, done: ClaimedRun
) -> None:
    asked = iter([False] * 5)

    assert audit_if_due(lab.database, storage, lambda: next(asked, True)) == []

    assert lab.sql("SELECT FROM audits") == []


def audited(lab: Lab, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.setenv("CELLTALLY_DATABASE_URL", plain_url(lab.database.url))
    monkeypatch.setenv("CELLTALLY_REDIS_URL", "redis://127.0.0.1:1")  # Not needed for it.
    monkeypatch.setenv("CELLTALLY_STORAGE_URL", f"file://{folder}")
    return CliRunner().invoke(celltally, ["audit"])


def test_the_command_prints_a_line_for_each_invariant(
    lab: Lab,
    storage: Storage,
    done: ClaimedRun,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = audited(lab, tmp_path, monkeypatch)

    assert shown.exit_code == 0, shown.output
    assert all(line.startswith("ok    ") for line in shown.output.splitlines())
    assert len(shown.output.splitlines()) == len(list(check_invariants(lab.database, storage)))


def test_the_command_fails_with_offenders_and_remedy(
    lab: Lab, done: ClaimedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_hand(lab, "UPDATE runs SET lease_until = now() - interval '1 h' WHERE status = 'running'")

    shown = audited(lab, tmp_path, monkeypatch)

    [line] = [line for line in shown.output.splitlines() if not line.startswith("ok    ")]
    run: UUID = lab.value("SELECT id FROM runs WHERE status = 'running'")
    assert shown.exit_code == 1
    assert line.startswith("FAIL  a run is running without a worker")
    assert line.endswith(f"1 offender: {run}; start `celltally scheduler`")
