"""How far an engine is with its image, told while it works.

An engine that works in parts says after each how many are done; who listens (the worker, to show
it to people and to stop what was cancelled) need not be known to it. Without a listener it is
cheap and does nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

Part = TypeVar("Part")
Listener = Callable[[int, int], None]

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


def told(parts: Sequence[Part]) -> Iterator[Part]:
    """Yield the parts of the work; when the next one is asked for, the last is told as done."""
    for done, part in enumerate(parts, 1):
        yield part
        tell(done, len(parts))


def tell(done: int, total: int) -> None:
    """Say that *done* of *total* parts are done; whatever the listener raises stops the work."""
    if (listener := _listener.get()) is not None:
        listener(done, total)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Have *listener* told of all that is done in the block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


@contextmanager
def unheard() -> Iterator[None]:
    """Have nobody told: what is done in the block is a part of what is told of already."""
    token = _listener.set(None)
    try:
        yield
    finally:
        _listener.reset(token)
