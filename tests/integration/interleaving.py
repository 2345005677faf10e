"""Waiting for what another thread or process does, and holding it at a point."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from shared.pausing import hold

T = TypeVar("T")


def until(question: Callable[[], T], *, seconds: float = 30) -> T:
    """Ask again and again until the answer is true, for a bounded time."""
    end = time.monotonic() + seconds
    while not (answer := question()):
        if time.monotonic() > end:
            raise AssertionError(f"{question} did not become true within {seconds} s")
        time.sleep(0.01)
    return answer


def nothing() -> None:
    """Do nothing."""


@contextmanager
def held(name: str, hook: Callable[[], None]) -> Iterator[None]:
    """Run *hook* once, the first time anybody comes to the pause point *name*."""

    def once() -> None:
        hold(name, None)
        hook()

    hold(name, once)
    try:
        yield
    finally:
        hold(name, None)


def crash() -> None:
    """Stop as a killed process does: nothing after this point is run."""
    raise KeyboardInterrupt
