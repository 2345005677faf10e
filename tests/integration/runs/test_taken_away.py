"""A child asks between its steps whether the run is still its own (rules.md C.20)."""

import time
from typing import Any

import pytest

from shared.database.engine import Database
from shared.domain.runs import ClaimedRun
from shared.storage import open_storage
from tests.images import disks, encoded
from tests.integration.interleaving import held, until
from tests.integration.lab import Lab
from tests.integration.runs.child import Child, FakeEngines, bright
from worker.holding import ASK_SECONDS, TakenAwayError, Watch


class Clock:
    """Time that goes on when the test says so."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def run(lab: Lab) -> ClaimedRun:
    return lab.claimed(lab.one_run().id)


def test_a_run_that_is_held_goes_on(lab: Lab, run: ClaimedRun, clock: Clock) -> None:
    watch = Watch(lab.database, run, clock=clock)
    clock.now += ASK_SECONDS

    watch.check()


@pytest.mark.parametrize("loss", ["fenced", "claimed anew", "deleted"])
def test_a_run_that_was_taken_away_stops(
    lab: Lab, run: ClaimedRun, clock: Clock, loss: str
) -> None:
    watch = Watch(lab.database, run, clock=clock)
    clock.now += ASK_SECONDS
    if loss == "deleted":
        lab.delete(run.project_id, [run.image_id])
    else:
        lab.hand_back("w1", 1)
    if loss == "claimed anew":
        lab.claimed(run.id, pid=2)

    with pytest.raises(TakenAwayError):
        watch.check()


def test_a_short_run_never_asks(run: ClaimedRun, clock: Clock) -> None:
    """And no run asks more often than once a second."""
    nobody: Any = None
    watch = Watch(nobody, run, clock=clock)

    clock.now += ASK_SECONDS * 0.99

    watch.check()


def test_after_an_answer_a_second_goes_by(lab: Lab, run: ClaimedRun, clock: Clock) -> None:
    watch = Watch(lab.database, run, clock=clock)
    clock.now += ASK_SECONDS
    watch.check()
    lab.hand_back("w1", 1)

    clock.now += ASK_SECONDS * 0.99
    watch.check()
    clock.now += ASK_SECONDS
    with pytest.raises(TakenAwayError):
        watch.check()


def test_while_the_database_is_away_the_work_goes_on(run: ClaimedRun, clock: Clock) -> None:
    away = Database("postgresql://nobody@/none?host=/nowhere")
    watch = Watch(away, run, clock=clock)
    clock.now += ASK_SECONDS

    watch.check()


def test_a_child_whose_run_was_taken_away_stops_and_leaves_nothing(lab: Lab) -> None:
    """Rule 20: it ends between two steps, without a failure."""
    child = Child(lab, open_storage("memory:///"), FakeEngines())
    queued = lab.one_run()
    child.storage.put(lab.image(queued.image_id).storage_key, encoded(disks(2)))

    def find(image: Any) -> Any:
        lab.hand_back("w1", 1)
        began = time.monotonic()
        until(lambda: time.monotonic() > began + ASK_SECONDS)  # Not one of the short runs.
        return bright(image)

    child.engines.find = find

    with held("segment.before_commit", lambda: pytest.fail("its output was stored")):
        assert not child.carry_out(queued.id)

    assert child.results() == []
    assert (lab.run(queued.id).status, lab.run(queued.id).failure_code) == ("queued", None)
