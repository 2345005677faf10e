"""A channel whose connection is gone takes it calmly (Q2)."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from kombu import Connection
from kombu.transport.redis import Channel, QoS

from worker.channels import ForgivingQoS, stay_calm


@pytest.fixture
def kombus_own() -> Iterator[type[QoS]]:
    before = Channel.QoS
    yield QoS
    Channel.QoS = before


class Unreachable:
    """A channel that nothing can be sent through."""

    do_restore = True

    def __init__(self, connection: object) -> None:
        self.connection = connection

    def conn_or_acquire(self, client: Any) -> Any:
        raise ConnectionError


def unacknowledged(channel: Unreachable) -> ForgivingQoS:
    qos = ForgivingQoS(channel)
    qos._on_collect.cancel()  # Or the end of the test hands back once more.
    qos._delivered["tag"] = "message"
    return qos


ACTS = {
    "handed back": lambda qos: qos.restore_unacked_once(),
    "acknowledged": lambda qos: qos.ack("tag"),
    "refused": lambda qos: qos.reject("tag"),
    "asked back": lambda qos: qos.reject("tag", requeue=True),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
@pytest.mark.parametrize("connection", [None, SimpleNamespace(client=None)], ids=["no", "closed"])
def test_a_message_of_a_lost_connection_is_forgotten(
    act: Callable[[QoS], object], connection: object
) -> None:
    qos = unacknowledged(Unreachable(connection))

    act(qos)

    qos._flush()
    assert not qos._delivered


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_as_long_as_there_is_a_connection_it_is_tried(act: Callable[[QoS], object]) -> None:
    """And Celery knows what to do about an error of the connection."""
    qos = unacknowledged(Unreachable(SimpleNamespace(client=Connection("redis://here"))))

    with pytest.raises(ConnectionError):
        act(qos)


def test_a_worker_has_such_channels(kombus_own: type[QoS]) -> None:
    Channel.QoS = kombus_own

    stay_calm()

    assert Channel.QoS is ForgivingQoS
