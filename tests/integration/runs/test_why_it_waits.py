"""Every waiting image says why it waits, where it stands, and when it may be done (Q9)."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest

from shared.database import waiting
from shared.database.dispatch_state import LEADER_LOCK
from shared.domain.runs import FailureCode
from shared.scheduling import Scheduler
from shared.storage import open_storage
from tests.integration.lab import Lab
from web.api.schemas import WaitingJson
from web.api.shapes import waiting_json


@contextmanager
def led(lab: Lab) -> Iterator[None]:
    """Have a scheduler be the leader."""
    with lab.database.engine.connect() as connection:
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({LEADER_LOCK})")
        try:
            yield
        finally:
            connection.exec_driver_sql(f"SELECT pg_advisory_unlock({LEADER_LOCK})")


@pytest.fixture
def leader(lab: Lab) -> Iterator[None]:
    with led(lab):
        yield


def shown(lab: Lab, *runs: UUID, looked_at: int = 50) -> list[WaitingJson]:
    """Return what is said of the image of each run."""
    images = [lab.run(run).image_id for run in runs]
    with lab.database.reading() as connection:
        found = waiting.places(connection, images, looked_at=looked_at)
    return [waiting_json(found[image]) for image in images]


def reason(lab: Lab, run: UUID) -> str:
    return shown(lab, run)[0].reason


def watch(lab: Lab) -> None:
    Scheduler(lab.database, lab.queue, lab.publisher, open_storage("memory:///")).watch_broker()


@pytest.mark.usefixtures("leader")
def test_nobody_is_online(lab: Lab, ada: UUID) -> None:
    [run] = lab.waiting(ada, 1)
    lab.sql("DELETE FROM worker_heartbeats")

    assert reason(lab, run) == "No worker is online. The image is segmented as soon as one is."


@pytest.mark.usefixtures("leader")
def test_nobody_online_has_the_engine(lab: Lab, ada: UUID) -> None:
    [run] = lab.waiting(ada, 1)
    lab.sql("UPDATE worker_heartbeats SET engines = '{other}'")

    assert "1 worker is online, but none has this engine" in reason(lab, run)


@pytest.mark.usefixtures("leader")
def test_the_broker_is_away_and_comes_back(lab: Lab, ada: UUID) -> None:
    [run] = lab.waiting(ada, 1)
    lab.queue.away = True
    watch(lab)
    lab.sql("UPDATE dispatch_state SET broker_failed_since = '2026-01-02 03:04:05+00'")
    watch(lab)  # It is away as before: the time stays.

    assert "The broker (Redis) cannot be reached since 03:04 UTC" in reason(lab, run)
    lab.queue.away = False
    watch(lab)
    assert "It is next" in reason(lab, run)


def test_what_did_not_change_is_not_written(lab: Lab, ada: UUID) -> None:
    for lab.queue.away in (True, False):
        watch(lab)
        before = lab.value("SELECT xmin::text FROM dispatch_state")
        watch(lab)
        assert lab.value("SELECT xmin::text FROM dispatch_state") == before


def test_no_scheduler_is_running(lab: Lab, ada: UUID) -> None:
    [run] = lab.waiting(ada, 1)

    assert "The scheduler is not running" in reason(lab, run)
    with led(lab):
        assert "It is next" in reason(lab, run)


@pytest.mark.usefixtures("leader")
def test_the_last_attempt_failed(lab: Lab, ada: UUID) -> None:
    [run] = lab.waiting(ada, 1)
    lab.fail(lab.claimed(run), FailureCode.OUT_OF_MEMORY)

    assert "The last attempt ran out of memory. The next attempt begins in " in reason(lab, run)


@pytest.mark.usefixtures("leader")
def test_images_of_other_people_are_before_it(lab: Lab, ada: UUID, bob: UUID) -> None:
    of_ada = lab.waiting(ada, 3)
    of_bob = lab.waiting(bob, 2)

    assert reason(lab, of_ada[0]).startswith("It is next")
    assert reason(lab, of_bob[0]) == "1 image of 1 person is before it; 1 worker is online."
    assert reason(lab, of_bob[1]) == "3 images of 2 people are before it; 1 worker is online."


@pytest.mark.parametrize("looked_at", [50, 0])
@pytest.mark.usefixtures("leader")
def test_a_place_in_line_is_when_it_is_dispatched(
    lab: Lab, ada: UUID, bob: UUID, looked_at: int
) -> None:
    """Far back runs are counted, not looked at: off by no more than one a user."""
    runs = [*lab.waiting(ada, 12), *lab.waiting(ada, 3, priority="high"), *lab.waiting(bob, 5)]
    places = dict(
        zip(runs, [each.position for each in shown(lab, *runs, looked_at=looked_at)], strict=True)
    )

    order: list[UUID] = []
    while sent := lab.dispatch():
        order += sent
        lab.sql("UPDATE worker_heartbeats SET slots = slots + 1")

    error = max(abs(places[run] - number) for number, run in enumerate(order, 1))
    assert len(order) == len(runs)
    assert error <= (0 if looked_at else 1)


@pytest.mark.usefixtures("leader")
def test_what_was_sent_goes_before_what_was_not(lab: Lab, ada: UUID) -> None:
    runs = lab.waiting(ada, 10)
    lab.dispatch()

    assert [each.position for each in shown(lab, *runs)] == list(range(1, 11))
    assert "It is next" in reason(lab, runs[3])


@pytest.mark.usefixtures("leader")
def test_an_interactive_run_is_before_the_bulk_that_is_in_flight(lab: Lab, ada: UUID) -> None:
    """Its place counts only the user's own interactive runs."""
    lab.waiting(ada, 10)
    lab.dispatch()
    [run] = lab.waiting(ada, 1)
    lab.sql("UPDATE runs SET priority = 0 WHERE id = :id", id=run)

    assert shown(lab, run)[0].position == 5  # Behind the four of the window only.


@pytest.mark.usefixtures("leader")
def test_the_estimate_follows_the_pace_of_the_engine(lab: Lab, ada: UUID, bob: UUID) -> None:
    """Anybody's runs of the engine, by megapixel: here 1 s each for images of one megapixel."""
    for run in lab.waiting(bob, 4):
        lab.complete(lab.claimed(run), ms=1000)
    runs = lab.waiting(ada, 11)
    lab.sql("UPDATE images SET width = 1000, height = 1000")
    large = lab.run(runs[-1]).image_id
    lab.sql("UPDATE images SET width = 4000 WHERE id = :id", id=large)

    assert shown(lab, runs[0], runs[-1])[0].eta_seconds == (1, 2)
    assert shown(lab, runs[0], runs[-1])[1].eta_seconds == (9, 13)
