"""The fold, the read and the version between them, step by step (rules.md A.2 to A.5)."""

from uuid import UUID

import pytest

from shared.database import stats
from tests.integration.interleaving import held
from tests.integration.lab import Lab


@pytest.fixture
def project(lab: Lab) -> UUID:
    return lab.project()


def test_the_version_is_the_number_of_deltas_ever_contained(lab: Lab, project: UUID) -> None:
    """Rule 2."""
    for _ in range(3):
        lab.images(project)
    before = lab.stats(project)
    lab.fold(project)
    after = lab.stats(project)
    lab.images(project)

    assert (before.version, after.version, lab.stats(project).version) == (3, 3, 4)
    assert lab.deltas(project)[0].project_id == project


def test_a_fold_leaves_every_field_of_the_read_as_it_was(lab: Lab, project: UUID) -> None:
    """Rule 2: equal versions are equal numbers, and equal moments too (S7)."""
    run = lab.claimed(lab.one_run(project).id)
    lab.complete(run, objects=2)
    lab.delete(project, lab.images(project, 2))
    before = lab.stats(project)

    update = lab.fold(project)

    assert lab.stats(project) == before
    assert update is not None
    assert update.stats == before
    assert lab.deltas(project) == []


def test_a_read_in_the_middle_of_a_fold_sees_the_same(lab: Lab, project: UUID) -> None:
    """Rules 2 and 4: neither the open fold nor its commit moves a number."""
    lab.images(project, 2)
    before = lab.stats(project)
    seen = []

    with held("fold.before_commit", lambda: seen.append(lab.stats(project))):
        lab.fold(project)

    assert [*seen, lab.stats(project)] == [before, before]


def test_what_commits_during_a_fold_is_left_for_the_next(lab: Lab, project: UUID) -> None:
    """Rule 3: the fold counts exactly the deltas that it deletes."""
    lab.images(project, 2)

    with held("fold.before_commit", lambda: lab.images(project, 3)):
        first = lab.fold(project)
    second = lab.fold(project)

    assert first is not None
    assert second is not None
    assert [(u.stats.version, u.stats.image_count) for u in (first, second)] == [(1, 2), (2, 5)]


def test_a_fold_waits_for_another_and_takes_what_came_since(lab: Lab, project: UUID) -> None:
    """Rule 3: one that skipped would lose the last wake-up."""
    lab.images(project, 2)

    def second_begins() -> None:
        lab.images(project, 1)
        waiting.append(pool.submit(lab.fold, project))
        lab.until_one_waits()

    waiting: list = []
    with lab.threads(1) as pool, held("fold.before_commit", second_begins):
        first = lab.fold(project)
        second = waiting[0].result(30)

    assert first is not None
    assert second is not None
    assert [u.stats.image_count for u in (first, second)] == [2, 3]
    assert lab.deltas(project) == []
    assert lab.is_exact(project)


def test_a_fold_of_a_deleted_project_takes_its_deltas_away(lab: Lab, project: UUID) -> None:
    """Rule 3: no row, so its deltas are deleted and nothing is announced."""
    lab.images(project, 2)
    lab.sql("DELETE FROM projects WHERE id = :id", id=project)
    assert len(lab.deltas(project)) == 2  # The upload's, and the delete's by cascade.

    assert lab.fold(project) is None

    assert lab.deltas(project) == []
    assert lab.publisher.states == []


def test_a_project_deleted_while_its_fold_begins_leaves_nothing(lab: Lab, project: UUID) -> None:
    """Rules 3 and 5: it was there for the first question and gone for the lock."""
    lab.images(project, 2)

    with held("fold.before_lock", lambda: lab.sql("DELETE FROM projects")):
        assert lab.fold(project) is None

    assert lab.deltas(project) == []


def test_a_project_deletes_itself_while_its_fold_is_open(lab: Lab, project: UUID) -> None:
    """Rule 5: the deltas have no foreign key that could refuse the delete."""
    lab.images(project, 2)
    deleting: list = []

    def delete() -> None:
        deleting.append(pool.submit(lab.sql, "DELETE FROM projects"))
        lab.until_one_waits()

    with lab.threads(1) as pool, held("fold.before_commit", delete):
        assert lab.fold(project) is not None
        deleting[0].result(30)

    assert [delta.deletes for delta in lab.deltas(project)] == [2]
    lab.age()
    with lab.database.reading() as connection:
        assert stats.due_projects(connection) == [project]
    lab.fold(project)
    assert lab.deltas(project) == []
