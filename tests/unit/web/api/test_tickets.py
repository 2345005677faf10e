"""Where pages find the relay."""

import pytest

from shared.config import Settings
from web.api.tickets import relay_address


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1:8000", "ws://127.0.0.1:8001/ws"),
        ("localhost:8000", "ws://localhost:8001/ws"),
        ("lab.example", "ws://lab.example:8001/ws"),
        ("[::1]:8000", "ws://[::1]:8001/ws"),
    ],
)
def test_it_is_beside_the_pages_on_its_own_port(host, address):
    assert relay_address(Settings(), host=host, secure=False) == address


def test_behind_tls_it_is_at_the_address_of_the_pages():
    settings = Settings(public_url="https://cells.example")

    assert relay_address(settings, host="cells.example", secure=True) == "wss://cells.example/ws"


@pytest.mark.parametrize(
    "given", ["wss://live.example", "wss://live.example/", "wss://live.example/ws"]
)
def test_where_it_was_told_it_is_there(given):
    settings = Settings(relay_url=given)

    assert relay_address(settings, host="any", secure=False) == "wss://live.example/ws"
