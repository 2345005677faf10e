"""How long to wait before a process is started again, and when to give up."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """The patience of a supervisor, in seconds and exits."""

    first_delay: float = 0.5
    longest_delay: float = 15.0
    healthy_after: float = 20.0  #: A process that ran this long had started well.
    most_quick_exits: int = 5  #: So many of them are enough, if it never ran well.
    urge_after: float = 12.0  #: A stopping process is then told to leave its work to others.
    grace: float = 20.0  #: So long a process may take to stop; then it is killed.


USUAL = Patience()


class Backoff:
    """The patience with one process: each quick exit doubles the wait, a long run forgives all.

    One that ran well before is never given up: its settings are right, so whatever ends it now
    is outside, such as a Redis that is away, and comes back.
    """

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._ran_well = False
        self.quick_exits = 0

    def after_exit(self, uptime: float) -> float | None:
        """Return the seconds to wait before the next start; None means: give up."""
        if uptime >= self._patience.healthy_after:
            self.quick_exits = 0
            self._ran_well = True
            return self._patience.first_delay
        self.quick_exits += 1
        if self.quick_exits >= self._patience.most_quick_exits and not self._ran_well:
            return None
        doublings = min(self.quick_exits, self._patience.most_quick_exits) - 1
        delay = self._patience.first_delay * 2.0**doublings
        return min(delay, self._patience.longest_delay)
