"""Channels to Redis that close quietly when Redis is gone.

Kombu hands messages back when a channel closes. When the connection was closed before, it fails
with an AttributeError, which Celery takes for unrecoverable: the worker ends, or hangs while it
tries to. So did about one in four workers at a restart of Redis.
"""

from typing import Any

from kombu.transport.redis import Channel, QoS


class ForgivingQoS(QoS):
    """Keeps account of unacknowledged messages; forgets those it cannot hand back any more."""

    def restore_unacked(self, client: Any = None) -> Any:
        """Hand back what is unacknowledged, if there still is a connection to do it by."""
        connection = self.channel.connection
        if connection is None or connection.client is None:
            self._delivered.clear()  # A message is a hint; the rows know what is unfinished.
            return None
        return super().restore_unacked(client)  # type: ignore[no-untyped-call]


def close_quietly() -> None:
    """Have all channels of this process close so."""
    Channel.QoS = ForgivingQoS
