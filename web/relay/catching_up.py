"""Filling gaps: reading from Redis what topics have missed."""

import logging
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Protocol

from shared.domain.errors import UnavailableError
from shared.messaging.redis_history import History, Position, Question
from shared.messaging.redis_keys import Named
from web.relay.ports import Histories

logger = logging.getLogger(__name__)

TOPICS_PER_READ = 100


class Followed(Protocol):
    """A channel that must not miss anything."""

    @property
    def channel(self) -> Named: ...

    @property
    def position(self) -> Position | None: ...

    @property
    def is_followed(self) -> bool:
        """Whether something may be missed of it."""
        ...

    def advance(self, history: History) -> None:
        """Take what *history* has beyond the position."""
        ...


class CatchingUp:
    """Reads for one batch of topics after the other, beside everything else.

    A topic that is asked for while it is being read is read once more: a message that came
    meanwhile may be missing from what was read.
    """

    def __init__(self, history: Histories, spawn: Callable[[Callable[[], None]], None]) -> None:
        self._history = history
        self._spawn = spawn
        self._due: dict[Followed, None] = {}  # A set that keeps its order.
        self._reading = False

    def ask(self, topics: Iterable[Followed]) -> None:
        """Have these topics catch up soon; returns at once."""
        self._due.update(dict.fromkeys(topics))
        if self._due and not self._reading:
            self._reading = True
            self._spawn(self._read_all)

    def _read_all(self) -> None:
        try:
            while self._due:
                batch = list(islice(self._due, TOPICS_PER_READ))
                for topic in batch:
                    del self._due[topic]
                self._read(batch)
        except UnavailableError as away:
            # A link that broke as well is made again and leads back here; so does the sweep.
            self._due.clear()
            logger.warning("channels could not catch up: %s", away)
        finally:
            self._reading = False

    def _read(self, topics: list[Followed]) -> None:
        questions, placed = [], []
        for topic in topics:
            if topic.is_followed:
                after = None if topic.position is None else topic.position.offset
                placed.append(topic)
                questions.append(Question(topic.channel, after, topic.position))
        for topic, history in zip(placed, self._history.read_many(questions), strict=True):
            topic.advance(history)
