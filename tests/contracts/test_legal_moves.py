"""The database allows exactly the moves of TRANSITIONS, and docs/state_machine.md draws them."""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from itertools import product
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError

from shared.database.engine import Database
from shared.domain.images import TRANSITIONS as IMAGE_MOVES
from shared.domain.images import ImageStatus
from shared.domain.runs import TRANSITIONS as RUN_MOVES
from shared.domain.runs import RunStatus
from tests.factories import insert_account, insert_image, insert_project

PAGE = Path(__file__).parents[2] / "docs" / "state_machine.md"
ARROW = re.compile(r"^    (\w+|\[\*\]) --> (\w+|\[\*\])", re.MULTILINE)

#: An image whose one run has the status.
IMAGE_WITH = {
    RunStatus.QUEUED: ImageStatus.QUEUED,
    RunStatus.RUNNING: ImageStatus.PROCESSING,
    RunStatus.SUCCEEDED: ImageStatus.SEGMENTED,
    RunStatus.FAILED: ImageStatus.FAILED,
}

#: What the checks of the table want beside each status.
RUN_TO = """
UPDATE runs SET status = CAST(:after AS text),
    token = CASE WHEN :after = 'running' THEN gen_random_uuid() END,
    lease_until = CASE WHEN :after = 'running' THEN now() END,
    failure_code = CASE WHEN :after = 'failed' THEN 'timeout' END,
    result_path = CASE WHEN :after = 'succeeded' THEN 'results/' END
WHERE image_id = :image
"""
IMAGE_TO = """
UPDATE images SET status = CAST(:after AS text),
    object_count = CASE WHEN :after = 'segmented' THEN 1 ELSE 0 END
WHERE id = :image
"""


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    with database.engine.connect() as connection:
        yield connection


@pytest.fixture
def project(database: Database) -> UUID:
    return insert_project(database, insert_account(database)).id


def is_refused(connection: Connection, statement: str, **values: object) -> bool:
    """Try the move and take it back."""
    said = ""
    with connection.begin() as transaction:
        try:
            connection.execute(text(statement), values)
        except DatabaseError as refusal:
            said = str(refusal)
        transaction.rollback()
    return f"may not go from {values['before']} to {values['after']}" in said


@pytest.mark.parametrize("before", RunStatus)
def test_a_run_moves_as_it_may_and_no_other_way(
    database: Database, connection: Connection, project: UUID, before: RunStatus
) -> None:
    """Q4; every pair is tried."""
    begun = IMAGE_WITH.get(before, ImageStatus.QUEUED)
    image = insert_image(database, project, begun)
    if before == RunStatus.CANCELLED:
        with connection.begin():
            connection.execute(text(RUN_TO), {"image": image, "after": before})

    refused = {
        after
        for after in RunStatus
        if is_refused(connection, RUN_TO, image=image, before=before, after=after)
    }

    assert refused == set(RunStatus) - RUN_MOVES[before] - {before}


@pytest.mark.parametrize("before", ImageStatus)
def test_an_image_moves_as_it_may_and_no_other_way(
    database: Database, connection: Connection, project: UUID, before: ImageStatus
) -> None:
    image = insert_image(database, project, before)

    refused = {
        after
        for after in ImageStatus
        if is_refused(connection, IMAGE_TO, image=image, before=before, after=after)
    }

    assert refused == set(ImageStatus) - IMAGE_MOVES[before] - {before}


@pytest.mark.parametrize("number", [2, 120])
def test_one_illegal_move_among_many_of_one_statement_refuses_them_all(
    database: Database, connection: Connection, project: UUID, number: int
) -> None:
    for _ in range(number - 1):
        insert_image(database, project)
    insert_image(database, project, ImageStatus.FAILED)
    queued = "UPDATE images SET status = 'queued' WHERE project_id = :project"
    processing = "UPDATE images SET status = 'processing' WHERE project_id = :project"
    values = {"project": project, "before": "failed", "after": "processing"}

    assert not is_refused(connection, queued, **values)
    with connection.begin():
        first = text(f"{queued} AND status = 'uploaded'")
        assert connection.execute(first, values).rowcount == number - 1
    assert is_refused(connection, processing, **values)


@pytest.mark.parametrize("status", sorted(set(RunStatus) - {RunStatus.QUEUED}))
def test_a_run_begins_as_queued(
    database: Database, connection: Connection, project: UUID, status: RunStatus
) -> None:
    image = insert_image(database, project)
    insert = """
INSERT INTO runs (image_id, project_id, user_id, engine, engine_version, params, queue,
                  soft_seconds, hard_seconds, max_attempts, status)
SELECT :image, :project, gen_random_uuid(), 'e', '1', '{}', 'segment.cpu', 1, 1, 3, :after
"""

    values = {"image": image, "project": project, "before": "nothing", "after": status}
    assert is_refused(connection, insert, **values)


@pytest.mark.parametrize(
    ("heading", "moves", "first"),
    [("Run", RUN_MOVES, RunStatus.QUEUED), ("Image", IMAGE_MOVES, ImageStatus.UPLOADED)],
)
def test_the_page_draws_exactly_these_arrows(
    heading: str, moves: Mapping[StrEnum, frozenset[StrEnum]], first: StrEnum
) -> None:
    drawing = PAGE.read_text().partition(f"## {heading}\n")[2].partition("```\n")[0]
    drawn = set(ARROW.findall(drawing))

    ends = {(str(word), "[*]") for word, after in moves.items() if not after}
    arrows = {(str(a), str(b)) for a, b in product(moves, moves) if b in moves[a]}
    assert drawn == arrows | ends | {("[*]", str(first))}
