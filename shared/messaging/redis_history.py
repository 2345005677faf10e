"""Reading back what was published: where a channel stands and what it keeps."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha1
from secrets import token_hex
from typing import Any, NamedTuple, Self

from redis import Redis
from redis.exceptions import NoScriptError, RedisError

from shared.domain.errors import UnavailableError
from shared.messaging.redis_events import KEPT_ENTRIES, META_SECONDS
from shared.messaging.redis_keys import Named, RedisKeys
from shared.messaging.redis_scripts import lua

MAX_DIGITS = 15  #: Lua counts in doubles, which are exact up to here.
BEYOND_ALL = 10**MAX_DIGITS

#: Redis trims streams in steps, so more may be kept than was asked for; all of it is read.
READ_ENTRIES = 2 * KEPT_ENTRIES


class Position(NamedTuple):
    """A place in a channel, written `epoch:offset`; offsets of one epoch have no gap."""

    epoch: str
    offset: int

    def __str__(self) -> str:
        return f"{self.epoch}:{self.offset}"

    @classmethod
    def parse(cls, written: str) -> Self:
        """Read a position; raise ValueError when it is none."""
        epoch, _, offset = written.partition(":")
        if not (epoch and offset.isascii() and offset.isdigit() and len(offset) <= MAX_DIGITS):
            raise ValueError(f"{written!r} is no position in a channel")
        return cls(epoch, int(offset))


class Question(NamedTuple):
    """What to read of a channel: the messages after an offset, or none of them."""

    channel: Named
    after: int | None = None
    delivered: Position | None = None  #: Where the asking relay stands.


@dataclass(frozen=True, slots=True)
class History:
    """A channel at one moment."""

    top: Position
    body: bytes | None  #: The newest value of a state channel,
    version: int | None  #: and its version.
    entries: list[tuple[int, bytes]]  #: Offset and body, ascending.

    def since(self, offset: int) -> list[tuple[int, bytes]] | None:
        """Return every message after *offset*; None unless all of them are here."""
        missed = [entry for entry in self.entries if entry[0] > offset]
        return missed if len(missed) == self.top.offset - offset else None


class RedisHistory:
    """Answers questions about channels; raises UnavailableError when Redis is away."""

    def __init__(self, redis: Redis, keys: RedisKeys | None = None) -> None:
        self._redis = redis
        self._keys = keys or RedisKeys()
        self._script = lua("history")
        self._sha = sha1(self._script.encode(), usedforsecurity=False).hexdigest()

    def read(self, question: Question) -> History:
        """Return one channel's history."""
        return self.read_many([question])[0]

    def read_many(self, questions: Sequence[Question]) -> list[History]:
        """Return the histories of many channels, in one round trip."""
        try:
            try:
                answers = self._ask(questions)
            except NoScriptError:  # A server that was started anew.
                self._redis.script_load(self._script)
                answers = self._ask(questions)
        except RedisError as lost:
            raise UnavailableError(f"the history of channels cannot be read: {lost}") from lost
        return [_history_of(answer) for answer in answers]

    def _ask(self, questions: Sequence[Question]) -> list[Any]:
        with self._redis.pipeline(transaction=False) as pipeline:
            for question in questions:
                pipeline.evalsha(self._sha, 2, *self._call(question))
            return pipeline.execute()

    def _call(self, question: Question) -> tuple[str | int, ...]:
        """Return the two keys of the channel and what the script is to know."""
        channel, after, delivered = question
        wanted = BEYOND_ALL if after is None or channel.is_state else after
        place = delivered or ("", 0)
        keys = (self._keys.meta(channel), self._keys.stream(channel))
        return (*keys, wanted, READ_ENTRIES, token_hex(4), META_SECONDS, *place)


def _history_of(answer: list[Any]) -> History:
    epoch, offset, body, version, entries = answer
    return History(
        top=Position(epoch.decode(), int(offset)),
        body=body,
        version=None if version is None else int(version),
        entries=[(int(number.split(b"-")[0]), fields[1]) for number, fields in entries],
    )
