"""How an export's worker tells how far it is, and finds out that it is no longer its own."""

from uuid import uuid4

import psycopg
import pytest

from shared.domain.exports import ClaimedExport, ExportFormat, Selection
from worker.exporting import TELL_SECONDS, Progress
from worker.holding import TakenAwayError


class Clock:
    """Time that goes on when the test says so."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


class FakeDatabase:
    """Answers each transaction with what the test wants."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)

    def transact(self, action: object) -> object:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


HELD = ClaimedExport(
    id=uuid4(),
    token=uuid4(),
    attempt=1,
    project_id=uuid4(),
    user_id=uuid4(),
    project_title="Nuclei",
    formats=(ExportFormat.CSV,),
    selection=Selection(),
)


def progress(clock: Clock, *answers: object) -> tuple[Progress, FakeDatabase]:
    database = FakeDatabase(*answers)
    made = Progress(database, HELD, total=10, lease_seconds=45, clock=clock)  # type: ignore[arg-type]
    return made, database


def test_it_tells_at_once_and_then_once_a_second() -> None:
    clock = Clock()
    told, database = progress(clock, True, True)

    told.look()
    for _ in range(100):
        told.step()
    assert len(database.answers) == 1

    clock.now += TELL_SECONDS
    told.step()
    assert database.answers == []


def test_an_export_that_is_no_longer_ours_stops() -> None:
    told, _ = progress(Clock(), False)

    with pytest.raises(TakenAwayError):
        told.step()


def test_a_database_that_is_away_stops_nothing() -> None:
    """Whether the export is still ours its end will tell."""
    clock = Clock()
    told, _ = progress(clock, psycopg.OperationalError("away"), True)

    told.step()
    clock.now += TELL_SECONDS
    told.step()


def test_each_attempt_has_a_folder_of_its_own() -> None:
    assert HELD.key == f"exports/{HELD.id}/{HELD.token}/export.zip"
    assert HELD.key.startswith(HELD.folder)
