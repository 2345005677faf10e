"""What the rest of the program asks of a broker and of the live channel."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from shared.domain.channels import Channel
from shared.domain.control import Order
from shared.domain.events import Event
from shared.domain.runs import DispatchedRun


@dataclass(frozen=True, slots=True)
class HeldByBroker:
    """Runs of which the broker has a message."""

    waiting: set[UUID]  #: Nobody took it yet.
    taken: set[UUID]  #: A worker took it and has not acknowledged it.


class TaskQueue(Protocol):
    """Sends hints to workers; each may be lost, doubled or late."""

    def send_segments(self, dispatched: Sequence[DispatchedRun]) -> None: ...

    def send_exports(self, export_ids: Sequence[UUID]) -> None: ...

    def send_preview(self, preview_id: UUID, queue: str) -> None: ...

    def ask_recompute(self, project_id: UUID) -> None: ...

    def ask_dashboard(self, user_id: UUID) -> None: ...

    def ask_ingest(self, ingest_id: UUID) -> None: ...

    def answers(self) -> bool:
        """Tell whether the broker can be reached now."""
        ...

    def held_by_broker(self, queues: Collection[str]) -> HeldByBroker:
        """Return the runs whose message waits in one of the queues or was taken from one."""
        ...


class EventPublisher(Protocol):
    """Tells browsers; call it after the commit, with what was committed."""

    def publish_state(self, channel: Channel, event: Event, *, version: int) -> bool:
        """Announce the newest value; False when one as new was announced before."""
        ...

    def publish_event(self, channel: Channel, event: Event, *, key: str) -> bool:
        """Announce a message; False when *key* was announced within the last 24 hours."""
        ...

    def publish_order(self, order: Order, *, key: str) -> bool:
        """Tell every relay an order; False when *key* was told within the last 24 hours."""
        ...

    def watchers(self, channel: Channel) -> int:
        """Return how many relays have somebody who watches the channel."""
        ...


@dataclass(frozen=True, slots=True)
class TicketHolder:
    """Who a ticket lets in: a user, by a login that ends at `expires_at`."""

    user_id: UUID
    session_id: str
    expires_at: datetime


class Tickets(Protocol):
    """Tickets for one socket each, valid for a few seconds."""

    def issue(self, holder: TicketHolder) -> str: ...

    def redeem(self, ticket: str) -> TicketHolder | None:
        """Return the holder the first time; None when used, expired or never issued."""
        ...

    def redeem_many(self, tickets: Sequence[str]) -> list[TicketHolder | None]:
        """Return the holder of each, as `redeem`."""
        ...
