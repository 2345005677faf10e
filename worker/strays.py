"""Children that go on with a run that is no longer theirs: cancelled, deleted or fenced."""

import os
import signal
from collections.abc import Callable, Set
from dataclasses import dataclass, field

from structlog import get_logger

from shared.database.leases import Holding

logger = get_logger(__name__)

#: How long such a child may go on; most notice by themselves between two steps.
STRAY_SECONDS = 15.0


def kill(pid: int) -> None:
    """End a child at once: it may be deep in native code that listens to nothing else."""
    if pid != os.getpid():
        os.kill(pid, signal.SIGKILL)


@dataclass
class Strays:
    """Watches for children whose run was taken away, and ends them."""

    at_work: Callable[[], Set[Holding]]
    kill: Callable[[int], None] = kill
    _held_at: dict[Holding, float] = field(default_factory=dict)
    _missed: Set[Holding] = field(default_factory=set)

    def see(self, busy: Set[Holding], held: Set[Holding], now: float) -> None:
        """Take in, at the monotonic time *now*, who is *busy* and which of these *held* a lease.

        A run is missed twice before its child is ended: a child that only begins has not
        claimed yet.
        """
        self._held_at = {
            each: now if each in held else self._held_at.get(each, now) for each in busy
        }
        missed = busy - held
        for stray in missed & self._missed:
            if now - self._held_at[stray] >= STRAY_SECONDS:
                self._end(stray)
        self._missed = missed

    def _end(self, stray: Holding) -> None:
        # It may have finished meanwhile, and the child be at somebody else's image.
        if stray not in self.at_work():
            return
        logger.warning("a child goes on with a run that was taken away; ending it", stray=stray)
        try:
            self.kill(stray.pid)
        except ProcessLookupError:
            logger.info("it ended by itself", pid=stray.pid)
