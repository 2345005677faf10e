"""What stands in for sockets, Redis and the database in the tests of the relay."""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from shared.domain.channels import Channel
from shared.domain.errors import UnavailableError
from shared.messaging.memory import MemoryTickets
from shared.messaging.ports import TicketHolder
from shared.messaging.redis_history import History, Position, Question
from shared.messaging.redis_keys import RedisKeys
from tests.unit.web.relay.samples import decoded
from web.relay.inbox import Inbox
from web.relay.limits import Limits
from web.relay.ports import Grant, Pair
from web.relay.relay import Relay
from web.relay.services import LiveChannel, RelayServices


@dataclass
class FakeKernel:
    """A socket's send buffer: takes `room` bytes, then no more until there is room again."""

    room: int = 10**9
    taken: bytes = b""
    broken: bool = False

    def write(self, frame: bytes) -> int:
        if self.broken:
            raise BrokenPipeError
        fits = min(len(frame), self.room)
        self.taken += frame[:fits]
        self.room -= fits
        return fits


class FakeConnection:
    """A browser that keeps every message it is sent."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.frames: list[bytes] = []
        self.closed: tuple[int, str] | None = None
        self.aborted = False
        self.inbox = Inbox(
            self._write,
            limits=limits or Limits(),
            on_blocked=lambda: None,
            on_overflow=lambda: None,
        )

    @property
    def heard(self) -> list[dict[str, Any]]:
        return [decoded(frame) for frame in self.frames]

    def close(self, code: int, reason: str) -> None:
        self.closed = (int(code), reason)

    def abort(self) -> None:
        self.aborted = True

    def _write(self, frame: bytes) -> int:
        self.frames.append(frame)
        return len(frame)


@dataclass
class FakeAuthority:
    """Grants what is listed; `while_asked` runs in the middle of a question."""

    grants: dict[Channel, Grant] = field(default_factory=dict)
    while_asked: Any = None
    away: bool = False
    refused: set[Pair] = field(default_factory=set)  #: Who watches what they may no longer see.
    until: datetime | None = None
    over: set[str] = field(default_factory=set)  #: Logins that ended.

    def holding(self, pairs: Collection[Pair]) -> dict[Pair, datetime | None]:
        self._answer()
        return {pair: self.until for pair in pairs if pair not in self.refused}

    def signed_in(self, session_ids: Collection[str]) -> set[str]:
        self._answer()
        return set(session_ids) - self.over

    def open(self, user_id: UUID, channel: Channel) -> Grant | None:
        if self.while_asked is not None:
            self.while_asked()
        self._answer()
        return self.grants.get(channel)

    def _answer(self) -> None:
        if self.away:
            raise UnavailableError("the database is away")


@dataclass
class FakeHistory:
    """Answers each question with the next history, the last one for ever."""

    histories: deque[History] = field(
        default_factory=lambda: deque([History(Position("e", 0), None, None, [])])
    )
    asked: list[Question] = field(default_factory=list)
    while_asked: Any = None

    def read(self, question: Question) -> History:
        self.asked.append(question)
        if self.while_asked is not None:
            self.while_asked()
        return self.histories[0] if len(self.histories) == 1 else self.histories.popleft()

    def read_many(self, questions: list[Question]) -> list[History]:
        return [self.read(question) for question in questions]


@dataclass
class FakeWire:
    """A link to Redis that plays back what it was given; an exception is raised."""

    script: deque[Any] = field(default_factory=deque)
    sent: list[tuple[Any, ...]] = field(default_factory=list)
    connects: int = 0
    disconnects: int = 0

    def connect(self) -> None:
        self.connects += 1

    def disconnect(self) -> None:
        self.disconnects += 1

    def send_command(self, *arguments: Any, **options: Any) -> None:
        self.sent.append(arguments)

    def read_response(self) -> Any:
        step = self.script.popleft()
        if isinstance(step, Exception):
            raise step
        return step


class FakeTicker:
    """Counts the signs of life."""

    ticks = 0

    def tick(self, name: str) -> None:
        self.ticks += 1


@dataclass
class Clock:
    """A clock that the test moves."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Stage:
    """A relay with nothing real below it, its link up."""

    limits: Limits = field(default_factory=Limits)
    authority: FakeAuthority = field(default_factory=FakeAuthority)
    history: FakeHistory = field(default_factory=FakeHistory)
    tickets: MemoryTickets = field(default_factory=MemoryTickets)
    clock: Clock = field(default_factory=Clock)
    relay: Relay = field(init=False)

    def __post_init__(self) -> None:
        live = LiveChannel(
            tickets=self.tickets,
            history=self.history,
            wire=FakeWire(),
            ticker=FakeTicker(),
            keys=RedisKeys("test"),
        )
        services = RelayServices(
            authority=self.authority,
            live=live,
            origins=frozenset(),
            limits=self.limits,
            clock=self.clock,
            spawn=lambda act: act(),
        )
        self.relay = Relay(services)
        self.relay.link = AlwaysUp()  # type: ignore[assignment]

    def ticket(self, user_id: UUID, *, seconds: float = 3600) -> str:
        expires_at = datetime.now(UTC) + timedelta(seconds=seconds)
        return self.tickets.issue(TicketHolder(user_id, "login", expires_at))


class AlwaysUp:
    """A link that confirms everything at once."""

    alive = True

    def ensure(self, name: str) -> None:
        pass

    def lost_for(self, now: float) -> float:
        return 0.0
