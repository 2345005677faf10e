"""A channel whose connection is gone closes without an error (Q2)."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from kombu import Connection
from kombu.transport.redis import Channel, QoS

from worker.channels import ForgivingQoS, close_quietly


@pytest.fixture
def kombus_own() -> Iterator[type[QoS]]:
    before = Channel.QoS
    yield QoS
    Channel.QoS = before


class Unreachable:
    """A channel that nothing can be sent through."""

    do_restore = True

    def __init__(self, *, closed: bool) -> None:
        self.connection = SimpleNamespace(client=None if closed else Connection("redis://here"))

    def conn_or_acquire(self, client: Any) -> Any:
        raise ConnectionError


def unacknowledged(channel: Unreachable) -> ForgivingQoS:
    qos = ForgivingQoS(channel)
    qos._delivered["tag"] = "message"
    return qos


def test_what_cannot_be_handed_back_is_forgotten() -> None:
    qos = unacknowledged(Unreachable(closed=True))

    qos.restore_unacked_once()

    assert not qos._delivered


def test_as_long_as_there_is_a_connection_it_is_tried() -> None:
    """And Celery knows what to do about an error of the connection."""
    qos = unacknowledged(Unreachable(closed=False))

    with pytest.raises(ConnectionError):
        qos.restore_unacked_once()


def test_a_worker_has_such_channels(kombus_own: type[QoS]) -> None:
    Channel.QoS = kombus_own

    close_quietly()

    assert Channel.QoS is ForgivingQoS
