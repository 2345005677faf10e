"""SIGINT, SIGTERM and SIGHUP, answered by what is right at the moment."""

import signal
from collections.abc import Callable
from types import FrameType
from typing import Any, Self

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopSignals:
    """While entered, each of the signals calls `answer`.

    At first the answer interrupts whatever goes on, once; what unwinds after that is not
    interrupted again, or servers would be left behind.
    """

    def __init__(self) -> None:
        self.answer: Callable[[], None] = self._interrupt
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number in _STOPPING:
            self._before[number] = signal.signal(number, self._received)
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def ignore(self) -> None:
        """Answer nothing from now on: what goes on is short and must be finished."""
        self.answer = _nothing

    def _received(self, _number: int, _frame: FrameType | None) -> None:
        self.answer()

    def _interrupt(self) -> None:
        self.ignore()
        raise KeyboardInterrupt


def _nothing() -> None:
    return
