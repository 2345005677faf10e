"""What the relay asks of the rest of the system."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from shared.domain.accounts import Role
from shared.domain.channels import Channel
from shared.domain.events import Event
from shared.messaging.envelope import Envelope
from shared.messaging.redis_history import History, Question
from web.relay.inbox import Inbox


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The value of a state channel as the database has it now, as the owner sees it."""

    version: int
    at: datetime
    event: Event

    def to_json(self) -> bytes:
        return Envelope(event=self.event, at=self.at, version=self.version).to_json()


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave to watch a channel."""

    role: Role
    snapshot: Snapshot | None = None  #: Of state channels.
    until: datetime | None = None  #: When a share expires, and access must be asked for again.
    #: Of a feed, the projects whose entries may be replayed now; None where all may.
    readable: frozenset[UUID] | None = None


#: A user, and a project that they watch.
Pair = tuple[UUID, UUID]


class Authority(Protocol):
    """Who may watch what, asked of the database each time."""

    def open(self, user_id: UUID, channel: Channel) -> Grant | None:
        """Return the user's grant; None when they may not, or there is no such thing.

        Raises UnavailableError when nobody can tell now.
        """
        ...

    def holding(self, pairs: Collection[Pair]) -> dict[Pair, datetime | None]:
        """Return those pairs whose user may see the project, and until when for certain."""
        ...

    def signed_in(self, session_ids: Collection[str]) -> set[str]:
        """Return those logins and tokens that are not over."""
        ...


class Histories(Protocol):
    """What channels keep; see `shared.messaging.redis_history`."""

    def read_many(self, questions: Sequence[Question]) -> list[History]: ...


class Ticker(Protocol):
    """Publishes a sign of life on a name that only this relay hears."""

    def tick(self, name: str) -> None: ...


class Connection(Protocol):
    """The socket below a session; neither call waits."""

    inbox: Inbox

    def close(self, code: int, reason: str) -> None:
        """Send a close frame after what was begun; send nothing more."""
        ...

    def abort(self) -> None:
        """Cut the socket."""
        ...
