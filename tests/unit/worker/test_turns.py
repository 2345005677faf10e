"""As many children in an engine as there are places, whatever becomes of them (Q3, Q8)."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import pytest

from shared.domain.engines import Limits
from shared.domain.runs import FailureCode
from tests.integration.interleaving import until
from worker.turns import (
    REST_SECONDS,
    SHORT_SECONDS,
    EngineTimeoutError,
    FreeTurns,
    NoTurnError,
    Turns,
)

PATIENT = Limits(soft_seconds=60, hard_seconds=60)


@dataclass
class Child:
    """A forked process; it says when it holds a turn, and ends its turn when told."""

    pid: int
    says: int
    hears: int

    def has_its_turn(self) -> bool:
        os.set_blocking(self.says, False)
        try:
            return os.read(self.says, 1) == b"!"
        except BlockingIOError:
            return False

    def end_turn(self) -> None:
        os.write(self.hears, b"!")
        os.waitpid(self.pid, 0)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def fork(turns: Turns, limits: Limits = PATIENT) -> Child:
    """Return a child that takes a turn."""
    says, said = os.pipe()
    heard, hears = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            with turns.taken(limits):
                os.write(said, b"!")
                os.read(heard, 1)
        finally:
            os._exit(0)  # Nothing of the test runs twice.
    return Child(pid, says, hears)


@contextmanager
def some_children(count: int, turns: Turns) -> Iterator[list[Child]]:
    """Fork *count* children one after the other; the first ones get their turn first."""
    children: list[Child] = []
    for number in range(count):
        children.append(fork(turns))
        if number < turns.places:
            until(children[-1].has_its_turn)
    try:
        yield children
    finally:
        for child in children:
            with suppress(ProcessLookupError, ChildProcessError):
                child.kill()


@pytest.fixture
def turns() -> Turns:
    return Turns(2)


def test_a_third_child_waits_until_one_of_two_ends_its_turn(turns: Turns) -> None:
    with some_children(3, turns) as (first, second, third):
        assert not third.has_its_turn()

        second.end_turn()

        until(third.has_its_turn)
        third.end_turn()
        first.end_turn()


def test_whoever_gets_no_turn_soon_gives_up_and_leaves_the_line(
    turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Q1: an image never waits here for a long turn while another worker is free."""
    monkeypatch.setattr("worker.turns.WAIT_SECONDS", 0.2)
    with some_children(2, turns) as children:
        for _ in range(2):
            with pytest.raises(NoTurnError), turns.taken(PATIENT):
                pass

        children[0].end_turn()
        with turns.taken(PATIENT):
            assert signal.getitimer(signal.ITIMER_REAL)[0] > 50


@pytest.mark.parametrize("victim", [0, 1])
def test_a_killed_child_gives_its_turn_back(turns: Turns, victim: int) -> None:
    with some_children(3, turns) as children:
        children[victim].kill()

        until(children[2].has_its_turn)


def test_the_first_in_line_may_be_killed_too(turns: Turns) -> None:
    with some_children(4, turns) as (first, _second, third, fourth):
        third.kill()
        first.end_turn()

        until(fourth.has_its_turn)


def test_a_turn_beyond_its_hard_limit_is_told_until_it_ends(turns: Turns) -> None:
    with some_children(1, turns) as (patient,):
        late = fork(turns, Limits(soft_seconds=1, hard_seconds=1))
        until(late.has_its_turn)
        os.kill(late.pid, signal.SIGSTOP)  # As deep in native code: it hears of no alarm.

        until(lambda: turns.overdue() == {late.pid})

        late.kill()
        patient.end_turn()


def test_an_ended_turn_is_never_overdue(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    with turns.taken(PATIENT):
        pass
    later = time.monotonic() + 10_000
    monkeypatch.setattr(time, "monotonic", lambda: later)

    assert turns.overdue() == set()


def test_turns_are_short_while_moments_follow_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turns, now = Turns(1), [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    assert not turns.are_short()  # Nobody knows yet.

    with turns.taken(PATIENT):
        now[0] += SHORT_SECONDS / 2
        assert turns.are_short()
    assert turns.are_short()
    now[0] += REST_SECONDS
    assert not turns.are_short()

    with turns.taken(PATIENT):
        now[0] += SHORT_SECONDS
        assert not turns.are_short()
    assert not turns.are_short()


def test_one_long_turn_among_short_ones_is_enough(turns: Turns) -> None:
    """The place beside it was never taken, or has a turn without end."""
    with turns.taken(PATIENT):
        assert not turns.are_short()


@pytest.mark.parametrize("made", [lambda: Turns(1), FreeTurns])
def test_an_engine_beyond_its_soft_limit_is_interrupted(
    made: Callable[[], Turns | FreeTurns],
) -> None:
    turns = made()

    with pytest.raises(EngineTimeoutError) as late, turns.taken(Limits(soft_seconds=1)):
        until(lambda: False, seconds=30)

    assert late.value.code == FailureCode.TIMEOUT
    with turns.taken(PATIENT):  # Nothing of it is left.
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 50


def test_whoever_comes_alone_does_not_wait(turns: Turns) -> None:
    with turns.taken(PATIENT) as waited:
        assert waited < 10


def test_the_parent_reads_how_far_each_child_is(turns: Turns) -> None:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with turns.taken(PATIENT):
                turns.tell(3, 12)
                os.read(read, 1)
        finally:
            os._exit(0)
    until(lambda: turns.progress() == {child: (3, 12)})

    with turns.taken(PATIENT):  # Of its own, and nothing said of it.
        assert turns.progress() == {child: (3, 12)}
        turns.tell(1, 2)
        assert turns.progress() == {child: (3, 12), os.getpid(): (1, 2)}

    os.write(write, b"!")
    os.waitpid(child, 0)
    assert turns.progress() == {}
    with turns.taken(PATIENT):  # The next one does not inherit it.
        assert turns.progress() == {}


def test_whoever_works_alone_tells_itself_how_far_it_is() -> None:
    turns = FreeTurns()
    with turns.taken(PATIENT):
        turns.tell(1, 2)
        assert turns.progress() == {os.getpid(): (1, 2)}

    assert turns.progress() == {}


def test_an_error_in_the_engine_ends_the_turn(turns: Turns) -> None:
    with pytest.raises(ZeroDivisionError), turns.taken(PATIENT):
        _ = 1 / 0

    with some_children(2, turns) as children:
        for child in children:
            child.end_turn()
