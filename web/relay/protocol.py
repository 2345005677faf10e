"""The messages of the socket, contract.md section 4: reading theirs, writing ours."""

import json
from enum import IntEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from shared.domain.errors import CelltallyError

PROTOCOL = 1

Name = Annotated[str, Field(max_length=64)]
#: Echoed in the answers; larger numbers are not the same number in JavaScript.
Reference = Annotated[int, Field(ge=-(2**53), le=2**53)] | Name


class CloseCode(IntEnum):
    """Why a socket ended, and so what a browser should do next."""

    NORMAL = 1000
    TOO_BIG = 1009  #: Do not reconnect.
    INTERNAL = 1011
    RESTARTING = 1012  #: Reconnect, with jitter.
    BAD_MESSAGE = 4400  #: Do not reconnect.
    NOT_SIGNED_IN = 4401  #: No, used or expired ticket, or the session is over.
    LATE = 4408  #: Hello or pong did not come in time.
    TOO_MANY_SOCKETS = 4409  #: Stop here; another tab is in use.
    TOO_MUCH = 4429  #: Read too slowly or sent too much; back off, resume with `since`.
    REDIS_LOST = 4503  #: Redis or the database is away; back off and poll meanwhile.


class MalformedError(CelltallyError):
    """A message that does not follow the protocol; the socket closes with 4400."""

    code = "malformed"


class UnknownMessageError(CelltallyError):
    """A message of a kind that this relay does not know; it is answered and ignored."""

    code = "unknown_message"


class ClientMessage(BaseModel):
    """A message from the browser; fields that nobody knows yet are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class Hello(ClientMessage):
    """The first message; the ticket says who speaks."""

    m: Literal["hello"]
    ticket: str = ""
    proto: int = PROTOCOL
    tab: Name | None = None


class Wish(ClientMessage):
    """A channel to watch, and the last id seen of it."""

    ch: Name
    since: Name | None = None


class Sub(ClientMessage):
    """Watch these channels; each is answered by itself."""

    m: Literal["sub"]
    ref: Reference | None = None
    subs: list[Wish] = Field(min_length=1)


class Unsub(ClientMessage):
    """Watch these channels no longer."""

    m: Literal["unsub"]
    ref: Reference | None = None
    chs: list[Name]


class Auth(ClientMessage):
    """A new ticket of the same user, before the login of the socket is over."""

    m: Literal["auth"]
    ticket: str = ""


class Vis(ClientMessage):
    """Says whether anybody can see the page; a hidden one is told less often."""

    m: Literal["vis"]
    hidden: bool


class Ping(ClientMessage):
    """Asks for a pong with the same `t`."""

    m: Literal["ping"]
    t: float | None = None


class Pong(ClientMessage):
    """The answer to our ping."""

    m: Literal["pong"]


Received = Hello | Sub | Unsub | Auth | Vis | Ping | Pong

_MESSAGES: TypeAdapter[Received] = TypeAdapter(Annotated[Received, Field(discriminator="m")])


def read_message(text: str) -> Received:
    """Read one message; raise MalformedError or UnknownMessageError."""
    try:
        return _MESSAGES.validate_json(text)
    except ValidationError as invalid:
        first = invalid.errors(include_url=False, include_context=True)[0]
    if first["type"] == "union_tag_invalid" and isinstance(first["input"]["m"], str):
        raise UnknownMessageError(f"this relay knows no message {first['ctx']['tag']!r}")
    place = ".".join(str(part) for part in first["loc"]) or "the message"
    raise MalformedError(f"{place}: {first['msg']}")


def message(m: str, **fields: Any) -> bytes:
    """Return a message of ours; fields that are None are left out."""
    present = {name: value for name, value in fields.items() if value is not None}
    return json.dumps({"m": m, **present}, separators=(",", ":")).encode()


def with_raw(payload: bytes, name: str, value: bytes) -> bytes:
    """Return the message with one more field, whose value is JSON already."""
    return b'%b,"%b":%b}' % (payload[:-1], name.encode(), value)
