"""What the relay asks of the rest of the system."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from shared.domain.accounts import Role
from shared.domain.channels import Channel
from shared.domain.events import Event
from shared.messaging.envelope import Envelope
from shared.messaging.redis_history import History, Question


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


class Authority(Protocol):
    """Who may watch what, asked of the database each time."""

    def open(self, user_id: UUID, channel: Channel) -> Grant | None:
        """Return the user's grant; None when they may not, or there is no such thing.

        Raises UnavailableError when nobody can tell now.
        """
        ...


class Histories(Protocol):
    """What channels keep; see `shared.messaging.redis_history`."""

    def read(self, question: Question) -> History: ...

    def read_many(self, questions: list[Question]) -> list[History]: ...


class Ticker(Protocol):
    """Publishes a sign of life on a name that only this relay hears."""

    def tick(self, name: str) -> None: ...
