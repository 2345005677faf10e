"""Channels to Redis that take it calmly when their connection is gone.

When Redis restarts, kombu hands messages back, and acknowledges those that were worked at
meanwhile, through a channel whose connection is closed. That is an AttributeError, which Celery
takes for unrecoverable: the worker ends, or hangs while it tries to. So did one in three at a
restart of Redis.
"""

from typing import Any

from kombu.transport import virtual
from kombu.transport.redis import Channel, QoS


class ForgivingQoS(QoS):
    """Keeps account of unacknowledged messages, and forgets them once nothing can be said.

    What Redis still has of such a message comes again when its visibility timeout is over, and
    finds nothing to claim.
    """

    def restore_unacked(self, client: Any = None) -> Any:
        """Hand back what is unacknowledged."""
        if self._is_cut_off():
            self._delivered.clear()
            return None
        return super().restore_unacked(client)  # type: ignore[no-untyped-call]

    def ack(self, delivery_tag: str) -> None:
        """Acknowledge one message."""
        if self._is_cut_off():
            virtual.QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call]
        else:
            super().ack(delivery_tag)  # type: ignore[no-untyped-call]

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Refuse one message, to have it back when *requeue*."""
        if self._is_cut_off():
            virtual.QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call]
        else:
            super().reject(delivery_tag, requeue)  # type: ignore[no-untyped-call]

    def _is_cut_off(self) -> bool:
        connection = self.channel.connection
        return connection is None or connection.client is None


def stay_calm() -> None:
    """Have all channels of this process be such."""
    Channel.QoS = ForgivingQoS
