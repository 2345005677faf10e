"""Latches are set by signal handlers, whatever the main thread is at."""

import signal
from collections.abc import Iterator
from threading import Thread
from types import FrameType

import pytest

from shared.latch import Latch

TICK = 0.0001  # Seconds between signals.
ROUNDS = 500


@pytest.fixture
def ticking() -> Iterator[list[Latch]]:
    """Latches that a signal handler sets, again and again."""
    latches: list[Latch] = []

    def set_all(_number: int, _frame: FrameType | None) -> None:
        for latch in latches:
            latch.set()

    before = signal.signal(signal.SIGALRM, set_all)
    signal.setitimer(signal.ITIMER_REAL, TICK, TICK)
    yield latches
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def test_it_is_not_set_at_first() -> None:
    latch = Latch()

    assert not latch.is_set()
    assert not latch.wait(0.001)


def test_once_set_nobody_waits() -> None:
    latch = Latch()
    latch.set()

    assert latch.is_set()
    assert latch.wait(60)
    assert latch.wait(60)


def test_all_who_wait_are_woken() -> None:
    latch, woken = Latch(), []
    threads = [Thread(target=lambda: woken.append(latch.wait(60))) for _ in range(5)]
    for thread in threads:
        thread.start()

    latch.set()

    for thread in threads:
        thread.join(60)
    assert woken == [True] * 5


def test_a_signal_in_the_midst_of_waiting_wakes(ticking: list[Latch]) -> None:
    """With the lock of an Event, this waits for itself for ever."""
    for _ in range(ROUNDS):
        latch = Latch()
        ticking[:] = [latch]
        assert latch.wait(60)


def test_a_signal_in_the_midst_of_setting_sets_too(ticking: list[Latch]) -> None:
    for _ in range(ROUNDS):
        latch = Latch()
        ticking[:] = [latch]
        latch.set()
        assert latch.is_set()
