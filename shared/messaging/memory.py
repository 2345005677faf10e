"""Twins of the ports that keep what they were given, for tests and for trying things out."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from secrets import token_urlsafe
from uuid import UUID

from shared.domain.channels import Channel
from shared.domain.control import Order
from shared.domain.events import Event
from shared.domain.runs import DispatchedRun
from shared.messaging.envelope import envelope_for
from shared.messaging.ports import HeldByBroker, TicketHolder


@dataclass
class MemoryTaskQueue:
    """Keeps the hints instead of sending them."""

    segments: list[DispatchedRun] = field(default_factory=list)
    exports: list[UUID] = field(default_factory=list)
    recomputed: list[UUID] = field(default_factory=list)
    dashboards: list[UUID] = field(default_factory=list)
    ingests: list[UUID] = field(default_factory=list)
    previews: list[tuple[UUID, str]] = field(default_factory=list)
    taken: set[UUID] = field(default_factory=set)  #: Runs whose message a worker has in hand.
    away: bool = False  #: As a broker that cannot be reached.

    def send_segments(self, dispatched: Sequence[DispatchedRun]) -> None:
        self.segments.extend(dispatched)

    def send_exports(self, export_ids: Sequence[UUID]) -> None:
        self.exports.extend(export_ids)

    def send_preview(self, preview_id: UUID, queue: str) -> None:
        if self.away:
            raise ConnectionError("the broker is away")
        self.previews.append((preview_id, queue))

    def ask_recompute(self, project_id: UUID) -> None:
        self.recomputed.append(project_id)

    def ask_dashboard(self, user_id: UUID) -> None:
        self.dashboards.append(user_id)

    def ask_ingest(self, ingest_id: UUID) -> None:
        self.ingests.append(ingest_id)

    def answers(self) -> bool:
        return not self.away

    def held_by_broker(self, queues: Collection[str]) -> HeldByBroker:
        waiting = {run.run_id for run in self.segments if run.queue in queues}
        return HeldByBroker(waiting=waiting - self.taken, taken=waiting & self.taken)


@dataclass
class MemoryEventPublisher:
    """Keeps what publish.lua would have let through, and refuses what it would refuse."""

    states: list[tuple[Channel, Event, int]] = field(default_factory=list)
    events: list[tuple[Channel, Event, str]] = field(default_factory=list)
    orders: dict[str, Order] = field(default_factory=dict)  #: By their keys, in order.
    watched: dict[Channel, int] = field(default_factory=dict)

    def publish_state(self, channel: Channel, event: Event, *, version: int) -> bool:
        envelope_for(channel, event, version=version)
        if any(name == channel and seen >= version for name, _, seen in self.states):
            return False
        self.states.append((channel, event, version))
        return True

    def publish_event(self, channel: Channel, event: Event, *, key: str) -> bool:
        envelope_for(channel, event)
        if any((name, seen) == (channel, key) for name, _, seen in self.events):
            return False
        self.events.append((channel, event, key))
        return True

    def publish_order(self, order: Order, *, key: str) -> bool:
        return self.orders.setdefault(key, order) is order

    def watchers(self, channel: Channel) -> int:
        return self.watched.get(channel, 0)


@dataclass
class MemoryTickets:
    """Tickets in this process; they never expire."""

    issued: dict[str, TicketHolder] = field(default_factory=dict)

    def issue(self, holder: TicketHolder) -> str:
        ticket = token_urlsafe(32)
        self.issued[ticket] = holder
        return ticket

    def redeem(self, ticket: str) -> TicketHolder | None:
        return self.issued.pop(ticket, None)

    def redeem_many(self, tickets: Sequence[str]) -> list[TicketHolder | None]:
        return [self.redeem(ticket) for ticket in tickets]
