"""The relay as an application."""

import pytest
from flask.testing import FlaskClient

from shared.messaging.memory import MemoryTickets
from tests.unit.web.relay.fakes import AlwaysUp, FakeAuthority, FakeHistory, FakeTicker, FakeWire
from web.relay.app import create_relay
from web.relay.relay import Relay
from web.relay.services import LiveChannel, RelayServices


@pytest.fixture
def services() -> RelayServices:
    live = LiveChannel(
        tickets=MemoryTickets(), history=FakeHistory(), wire=FakeWire(), ticker=FakeTicker()
    )
    return RelayServices(authority=FakeAuthority(), live=live, origins=frozenset())


def test_it_is_ready_when_its_subscription_answers(services):
    app = create_relay(services)
    relay: Relay = app.extensions["relay"]
    client: FlaskClient = app.test_client()

    assert client.get("/healthz").status_code == 503
    relay.link = AlwaysUp()  # type: ignore[assignment]
    assert client.get("/healthz").json == {"status": "ok", "sockets": 0}
    relay.drain()
    assert client.get("/healthz").status_code == 503


def test_a_socket_is_no_page(services):
    client = create_relay(services).test_client()

    assert client.get("/ws").status_code == 426
    assert client.get("/").status_code == 404
