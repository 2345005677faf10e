"""What the relay says, one class a message.

The relay itself writes bytes, once for a thousand browsers; tests hold every message it sends
to these classes, and the AsyncAPI document is made from them.
"""

from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, create_model
from pydantic.alias_generators import to_camel

from shared.domain.channels import STATE_CHANNELS
from shared.domain.events import EVENTS, Event, EventType
from shared.domain.wire import Timestamp
from shared.messaging.envelope import CHANNEL_OF
from web.relay.protocol import Name, Reference

#: `epoch:offset`; within an epoch the offsets of a channel have no gap.
Position = Annotated[str, Field(pattern=r"^[^:]+:\d+$")]
NonNegative = Annotated[int, Field(ge=0)]


class RelayMessage(BaseModel):
    """A message to the browser."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True
    )


class Allowance(RelayMessage):
    """How much one socket may ask for."""

    channels: int
    messages_per_second: float
    message_bytes: int


class Welcome(RelayMessage):
    """The ticket was good; the login of this socket ends at `exp`."""

    m: Literal["welcome"]
    sid: str
    ping: float  #: Seconds between two of our pings.
    exp: Timestamp
    limits: Allowance


class Told(RelayMessage):
    """An event as it was published, without the channel it came on."""

    id: Position
    type: EventType
    v: NonNegative | None = None  #: The version of the database's row; of state channels only.
    ts: Timestamp
    sv: int
    data: Any


class Published(Told):
    """One event."""

    m: Literal["pub"]
    ch: Name
    cf: Annotated[int, Field(ge=1)] | None = None  #: Updates that this one stands for.


class Authed(RelayMessage):
    """The new ticket was good; the login of this socket ends at `exp` now."""

    m: Literal["authed"]
    exp: Timestamp


def _is_state(event_type: EventType) -> bool:
    # What the relay derives for collaborators goes where its original goes.
    kind = CHANNEL_OF.get(event_type, CHANNEL_OF[EventType.PROJECT_STATS_UPDATE])
    return kind in STATE_CHANNELS


def _with_event(base: type[Told], event: type[Event], suffix: str) -> type[Told]:
    """Return *base* for one event: its type, its fields, and a version where it has one."""
    fields: dict[str, Any] = {"type": (Literal[event.type], ...), "data": (event, ...)}
    if _is_state(event.type):
        fields["v"] = (NonNegative, ...)
    name = f"{event.__name__}{suffix}"
    return create_model(name, __base__=base, __doc__=event.__doc__, **fields)


#: One message for each event, and what a state channel answers to whoever begins to watch.
PUBLISHED = {kind: _with_event(Published, event, "Message") for kind, event in EVENTS.items()}
SNAPSHOTS = {
    kind: _with_event(Told, event, "Snapshot") for kind, event in EVENTS.items() if _is_state(kind)
}

AnyPublished: Any = Annotated[Union[*PUBLISHED.values()], Field(discriminator="type")]
AnySnapshot: Any = Annotated[Union[*SNAPSHOTS.values()], Field(discriminator="type")]


class Subbed(RelayMessage):
    """The channel is watched: from here on every message after `id` comes."""

    m: Literal["subbed"]
    ref: Reference | None = None
    ch: Name
    id: Position
    recovered: bool  #: Whether nothing was missed since the `since` that was asked for.
    snapshot: AnySnapshot | None = None
    pubs: list[AnyPublished] | None = None


class Refused(RelayMessage):
    """Something that was asked for is not done."""

    m: Literal["error"]
    ref: Reference | None = None
    ch: Name | None = None
    code: str
    detail: str


class Resync(RelayMessage):
    """Something of the channel may be missing: subscribe again, with the last `id` as `since`."""

    m: Literal["resync"]
    ch: Name


class Unsubscribed(RelayMessage):
    """The channel is watched no longer, and may not be."""

    m: Literal["unsub"]
    ch: Name
    code: str


class Drain(RelayMessage):
    """The relay is about to end: it closes with 1012 soon; come back after so long."""

    m: Literal["drain"]
    after_ms: NonNegative


class RelayPing(RelayMessage):
    """Is anybody there? Any message answers, best a pong."""

    m: Literal["ping"]
    t: float | None = None


class RelayPong(RelayMessage):
    """The answer to a ping, with its `t`."""

    m: Literal["pong"]
    t: float | None = None


OTHERS: tuple[type[RelayMessage], ...] = (
    Welcome,
    Authed,
    Subbed,
    Refused,
    Resync,
    Unsubscribed,
    Drain,
    RelayPing,
    RelayPong,
)

_EITHER: Any = Annotated[Union[AnyPublished, *OTHERS], Field(discriminator="m")]
_ANY: TypeAdapter[Any] = TypeAdapter(_EITHER)


def read_relay_message(text: str | bytes) -> RelayMessage:
    """Read a message of the relay; raise ValidationError when it is not as we promise."""
    message: RelayMessage = _ANY.validate_json(text)
    return message
