"""The line before a queue, as the dispatcher forms it: round robin over those who wait."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

#: What somebody asked for one image at a time; goes first.
INTERACTIVE = 0

#: Where a run stands: its turn, then its priority and its age.
Key = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Flying:
    """How many runs of a user are dispatched or running."""

    all: int = 0
    interactive: int = 0

    def before(self, priority: int) -> int:
        """Return how many of them count before a run of this priority."""
        return self.interactive if priority == INTERACTIVE else self.all


@dataclass(frozen=True, slots=True)
class InLine:
    """What a user has waiting: how much, and exactly the first of it."""

    waiting: int
    interactive: int
    first: Sequence[tuple[int, int]]  #: Priority and number.
    megapixels: float = 0.0  #: Of the first few, the mean.


@dataclass(frozen=True, slots=True)
class Before:
    """What goes before a run: how many images, of how many people."""

    images: int
    people: int


@dataclass(frozen=True)
class Line:
    """Who waits and who is worked for; `sent` are the users of dispatched runs, in order."""

    users: Mapping[UUID, InLine]
    flying: Mapping[UUID, Flying]
    sent: Sequence[UUID]
    looked_at: int  #: So many turns are known exactly.

    def before(self, user: UUID, rank: int, priority: int, seq: int) -> Before:
        """Return what goes before the run that has *rank* runs of its own user before it.

        Exact where every user's first runs are known up to its turn; further back a user may
        have one image more or less before it.
        """
        turn = rank + 1 + self._of(user).before(priority)
        if turn <= self.looked_at:
            place = bisect_left(self._heads, ((turn, priority, seq), user))
            ahead = [who for _, who in self._heads[:place]]
            return Before(len(self.sent) + place, len({*self.sent, *ahead}))
        counts = {who: rank if who == user else self._turns(who, turn - 1) for who in self.users}
        people = {*self.sent, *(who for who, count in counts.items() if count)}
        return Before(len(self.sent) + sum(counts.values()), len(people))

    @property
    def megapixels(self) -> float:
        """Return the mean size of what waits, as far as it was looked at."""
        sizes = [each.megapixels for each in self.users.values() if each.megapixels]
        return sum(sizes) / len(sizes) if sizes else 0.0

    @cached_property
    def _heads(self) -> list[tuple[Key, UUID]]:
        return sorted(
            ((rank + self._of(user).before(priority), priority, seq), user)
            for user, each in self.users.items()
            for rank, (priority, seq) in enumerate(each.first, 1)
        )

    def _of(self, user: UUID) -> Flying:
        return self.flying.get(user, Flying())

    def _turns(self, user: UUID, turns: int) -> int:
        """Return how many runs of the user go within so many turns."""
        each, flying = self.users[user], self._of(user)
        urgent = min(each.interactive, max(0, turns - flying.interactive))
        others = min(each.waiting, turns - flying.all) - each.interactive
        return urgent + max(0, others)
