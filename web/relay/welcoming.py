"""What a browser is told when it is let in."""

from uuid import uuid4

from shared.domain.wire import rfc3339
from shared.messaging.ports import TicketHolder
from web.relay.limits import Limits
from web.relay.protocol import message


def welcome(limits: Limits, holder: TicketHolder) -> bytes:
    """Return the message: how often we ask for a pong, when the login ends, what is allowed."""
    return message(
        "welcome",
        sid=str(uuid4()),
        ping=limits.ping_seconds,
        exp=rfc3339(holder.expires_at),
        limits={
            "channels": limits.channels,
            "messagesPerSecond": limits.messages_per_second,
            "messageBytes": limits.message_bytes,
        },
    )
