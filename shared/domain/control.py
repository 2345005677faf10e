"""Orders for relays: whose channels and whose sockets must close (rules.md 14)."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, TypeAdapter

from shared.domain.wire import Timestamp, Wire


class ControlChannel:
    """The channel of orders; `Channel.parse` reads no such name, so no browser subscribes."""

    is_state = False

    def __str__(self) -> str:
        return "control"


CONTROL = ControlChannel()


class Revoke(Wire):
    """Send this user nothing more of this project."""

    type: Literal["revoke"] = "revoke"
    user_id: UUID
    project_id: UUID
    at: Timestamp | None = None  #: When it was decided; how late relays are is measured.


class EndSession(Wire):
    """Close the sockets of one login, or of one token."""

    type: Literal["endSession"] = "endSession"
    user_id: UUID
    session_id: UUID


class EndUser(Wire):
    """Close the sockets of all logins of this user but one."""

    type: Literal["endUser"] = "endUser"
    user_id: UUID
    except_session_id: UUID | None = None


Order = Revoke | EndSession | EndUser

_ORDERS: TypeAdapter[Order] = TypeAdapter(Annotated[Order, Field(discriminator="type")])


def read_order(written: bytes | str) -> Order:
    """Read an order from its JSON; raise ValueError when it is none."""
    return _ORDERS.validate_json(written)
