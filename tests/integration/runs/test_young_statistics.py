"""Acts on many images that PostgreSQL has not analyzed yet read each row a few times, not all."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text

from shared.actions.delete_images import delete_chunk
from shared.database.cancelling import Scope
from tests.integration.lab import Lab

TABLES = ("images", "runs")
MANY = 300

#: Rows that may be read in vain or one by one, of each of the many; a plan that takes each image
#: with each run, or all of a table for each, has hundreds.
READ_OF_EACH = 12


def after_all_were_deleted(lab: Lab, project: UUID) -> None:
    images = lab.images(project, MANY)
    lab.segment(project)
    lab.cancel(Scope.PROJECT, project)
    delete(lab, project, images)
    for table in TABLES:
        lab.sql(f"ANALYZE {table}")


def in_a_session_that_planned_for_few(lab: Lab, project: UUID) -> None:
    """As where few images were edited: the foreign keys of their runs were planned for then."""
    images = lab.images(project, 2)
    with lab.database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        for table in TABLES:
            connection.execute(text(f"VACUUM FULL ANALYZE {table}"))
    for _ in range(12):  # More often than PostgreSQL plans anew.
        lab.edit(images[0])


HISTORIES = [after_all_were_deleted, in_a_session_that_planned_for_few]


@pytest.fixture(params=HISTORIES, ids=lambda history: history.__name__)
def project(lab: Lab, request: pytest.FixtureRequest) -> Iterator[UUID]:
    """A project with many images, of which the planner knows nothing."""
    lab.database.engine.dispose()  # One session from here on.
    lab.engine()
    project = lab.project()
    for table in TABLES:
        lab.sql(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")
    try:
        request.param(lab, project)
        lab.images(project, MANY)
        yield project
    finally:
        for table in TABLES:
            lab.sql(f"ALTER TABLE {table} RESET (autovacuum_enabled)")


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What is read in vain, of each statement that changes images; each is explained first."""
    found: list[float] = []
    execute = psycopg.Cursor.execute

    def explained(cursor: Any, query: Any, params: Any = None, **options: Any) -> Any:
        words = query.decode() if isinstance(query, bytes) else query
        if words.lstrip().startswith("WITH"):
            server = cursor.connection.pgconn  # The driver forgets its plans when it rolls back.
            server.exec_(b"SAVEPOINT before")
            with psycopg.Cursor(cursor.connection) as other:
                execute(other, f"EXPLAIN (ANALYZE, FORMAT JSON) {words}", params)
                [[[plan]]] = other.fetchall()
                found.append(sum(map(in_vain, nodes_of(plan["Plan"]))))
            server.exec_(b"ROLLBACK TO before")
        return execute(cursor, query, params, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", explained)
    return found


def nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes_of(part)


def in_vain(node: dict[str, Any]) -> float:
    reasons = ("Join Filter", "Filter", "Index Recheck")
    removed = sum(node.get(f"Rows Removed by {reason}", 0) for reason in reasons)
    return float(removed * node["Actual Loops"])


def one_by_one(lab: Lab, act: Callable[[], object]) -> int:
    """Return how many rows of whole tables *act* reads, checks of foreign keys among them."""
    statement = "SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE relname = ANY(:tables)"

    def so_far() -> int:
        with lab.database.engine.connect() as connection:
            connection.execute(text("SELECT pg_stat_force_next_flush()"))
        return int(lab.value(statement, tables=list(TABLES)))

    before = so_far()
    act()
    return so_far() - before


def delete(lab: Lab, project: UUID, images: list[UUID]) -> int:
    return lab.database.transact(lambda tx: delete_chunk(tx, lab.queue, project, images))


def test_many_are_queued(lab: Lab, project: UUID, read: list[float]) -> None:
    assert one_by_one(lab, lambda: lab.segment(project)) < READ_OF_EACH * MANY

    assert lab.stats(project).queued_count >= MANY
    assert len(read) > 0
    assert max(read) < READ_OF_EACH * MANY


def test_many_are_cancelled(lab: Lab, project: UUID, read: list[float]) -> None:
    lab.segment(project)
    read.clear()

    assert one_by_one(lab, lambda: lab.cancel(Scope.PROJECT, project)) < READ_OF_EACH * MANY

    assert lab.stats(project).queued_count == 0
    assert len(read) > 0
    assert max(read) < READ_OF_EACH * MANY


def test_many_are_deleted(lab: Lab, project: UUID, read: list[float]) -> None:
    lab.segment(project)
    images = [image.id for image in lab.sql("SELECT id FROM images")]
    read.clear()

    assert one_by_one(lab, lambda: delete(lab, project, images)) < READ_OF_EACH * MANY

    assert lab.stats(project).image_count == 0
    assert len(read) > 0
    assert max(read) < READ_OF_EACH * MANY
