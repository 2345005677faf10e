"""Names of the live channel in Redis.

The braces are hash tags: all keys of a channel lie in one slot of a cluster. The
prefix parts environments that share a server, because pub/sub ignores database numbers.
"""

from dataclasses import dataclass
from hashlib import sha256

from shared.domain.channels import Channel
from shared.domain.control import ControlChannel

DEFAULT_PREFIX = "celltally:rt"

#: What is published on: a channel of browsers, or that of orders for relays.
Named = Channel | ControlChannel


@dataclass(frozen=True, slots=True)
class RedisKeys:
    """The keys of one environment."""

    prefix: str = DEFAULT_PREFIX

    def wake(self, channel: Named) -> str:
        """Return the pub/sub name on which relays hear of the channel."""
        return f"{self.prefix}:{{{channel}}}"

    def meta(self, channel: Named) -> str:
        """Return the hash of epoch, offset and, for a state channel, the newest value."""
        return f"{self.wake(channel)}:meta"

    def stream(self, channel: Named) -> str:
        """Return the stream that keeps an event channel's messages."""
        return f"{self.wake(channel)}:stream"

    def idempotency(self, channel: Named, key: str) -> str:
        """Return the mark that the message *key* was published."""
        return f"{self.wake(channel)}:key:{key}"

    def ticket(self, ticket: str) -> str:
        """Return where a ticket lies; its hash, so that a dump of Redis admits nobody."""
        return f"{self.prefix}:ticket:{sha256(ticket.encode()).hexdigest()}"

    def tick(self, relay_id: str) -> str:
        """Return the pub/sub name on which a relay hears itself."""
        return f"{self.prefix}:tick:{relay_id}"
