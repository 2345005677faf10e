"""Named points where a test may hold a process, to play out one interleaving exactly."""

from collections.abc import Callable

_hooks: dict[str, Callable[[], None]] = {}


def pause(name: str) -> None:
    """Do nothing, unless a test waits at the point *name*."""
    if _hooks and (hook := _hooks.get(name)) is not None:
        hook()


def hold(name: str, hook: Callable[[], None] | None) -> None:
    """Run *hook* at the point *name* from now on; None takes it away again."""
    if hook is None:
        _hooks.pop(name, None)
    else:
        _hooks[name] = hook
