"""Every move of a run is a legal one."""

import re

import pytest

from shared.database import moves
from shared.database.cancelling import CANCEL, Scope
from shared.domain.images import ImageStatus
from shared.domain.runs import RunStatus, may_move

MOVES = {
    name: statement
    for name, statement in vars(moves).items()
    if name.isupper() and isinstance(statement, str) and "UPDATE runs" in statement
}


def words(statement: str, pattern: str) -> set[str]:
    return set(re.findall(pattern, statement))


@pytest.mark.parametrize("name", MOVES)
def test_a_run_goes_only_where_it_may(name: str) -> None:
    statement = MOVES[name]
    [before] = words(statement, r"r\.status = '(\w+)'")
    [after] = words(statement, r"UPDATE runs AS r SET [^)]*?status = '(\w+)'")

    assert may_move(RunStatus(before), RunStatus(after))


@pytest.mark.parametrize("name", MOVES)
def test_a_run_that_stops_running_gives_its_token_and_its_lease_back(name: str) -> None:
    statement = MOVES[name]

    stops = "r.status = 'running'" in statement
    assert ("token = NULL, lease_until = NULL" in statement) == stops


@pytest.mark.parametrize("name", MOVES)
def test_every_move_locks_the_images_in_order_and_tells_of_them(name: str) -> None:
    """Rules 12 and 18."""
    statement = MOVES[name]

    assert "ORDER BY id FOR UPDATE" in statement
    assert "INSERT INTO outbox" in statement
    assert "status_version = i.status_version + 1" in statement


@pytest.mark.parametrize("scope", Scope)
def test_a_cancel_takes_what_is_active_and_the_token_with_it(scope: Scope) -> None:
    """Rules 12, 18 and 21."""
    statement = CANCEL[scope]

    assert "r.status IN ('queued', 'running')" in statement
    assert "held.status IN ('queued', 'running')" in statement  # Asked again with the lock.
    assert "token = NULL, lease_until = NULL, status = 'cancelled'" in statement
    assert statement.index("ORDER BY id FOR UPDATE") < statement.index("ORDER BY r.id FOR UPDATE")
    assert "INSERT INTO outbox" in statement


def test_an_image_settles_in_one_of_three_ways() -> None:
    """Rule 19."""
    assert words(moves.SETTLED, r"'(\w+)'") == {
        ImageStatus.FAILED,
        ImageStatus.SEGMENTED,
        ImageStatus.NO_OBJECTS,
    }
