"""Who gets in, and who is told why not."""

import socket
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from websockets.exceptions import InvalidStatus

from tests.integration.relay.standin import ORIGIN


def test_a_ticket_admits_one_socket(live, relay):
    ticket = live.ticket(live.alice)
    first, second = live.socket(relay), live.socket(relay)

    first.say(m="hello", ticket=ticket, proto=1, tab="t")
    assert first.hear()["m"] == "welcome"
    second.say(m="hello", ticket=ticket, proto=1, tab="t")

    assert second.closed() == (4401, [])


@pytest.mark.parametrize(
    "message",
    [
        {"m": "hello", "proto": 1},
        {"m": "hello", "ticket": "made-up", "proto": 1},
        {"m": "hello", "ticket": "x" * 5000, "proto": 1},
        {"m": "sub", "subs": [{"ch": "project:1"}]},
        {"m": "ping"},
        {"m": "unheard-of"},
    ],
)
def test_without_a_good_ticket_nothing_is_received_but_the_close(live, relay, message):  # R9
    browser = live.socket(relay)

    browser.say(**message)

    assert browser.closed() == (4401, [])


def test_a_ticket_of_a_session_that_is_over_does_not_admit(live, relay):
    browser = live.socket(relay)

    browser.say(m="hello", ticket=live.ticket(live.alice, seconds=-1), proto=1)

    assert browser.closed() == (4401, [])


def test_the_socket_ends_with_the_login_session(live, relay):  # R9
    browser = live.socket(relay)

    browser.say(m="hello", ticket=live.ticket(live.alice, seconds=3), proto=1)
    code, before = browser.closed()

    assert code == 4401
    assert [message["m"] for message in before] == ["welcome", "subbed"]


def test_a_socket_that_never_says_hello_is_closed(live):
    relay = live.relay(hello_seconds=0.5)

    assert live.socket(relay).closed() == (4408, [])


def test_another_protocol_is_refused(live, relay):
    browser = live.socket(relay)

    browser.say(m="hello", ticket=live.ticket(live.alice), proto=2)

    assert browser.closed() == (4400, [])


def test_a_foreign_origin_is_refused_before_the_upgrade(live, relay):  # R9
    with pytest.raises(InvalidStatus) as refused:
        live.socket(relay, origin="https://evil.example")

    assert refused.value.response.status_code == 403
    assert live.signed_in(relay, live.alice, origin=ORIGIN)


def test_a_full_relay_refuses_before_the_upgrade(live):
    relay = live.relay(sockets=1)
    live.socket(relay)

    with pytest.raises(InvalidStatus) as refused:
        live.socket(relay)

    assert refused.value.response.status_code == 503
    assert refused.value.response.headers["Retry-After"]


def test_compression_is_not_negotiated(live, relay):
    browser = live.socket(relay, compression="deflate")

    assert "Sec-WebSocket-Extensions" in browser.connection.request.headers
    assert "Sec-WebSocket-Extensions" not in browser.connection.response.headers


def test_the_address_of_the_socket_is_not_a_page(relay):
    with pytest.raises(HTTPError) as refused:
        urlopen(f"http://127.0.0.1:{relay.port}/ws", timeout=5)

    with refused.value:
        assert refused.value.code == 426


def test_an_upgrade_without_a_key_is_refused(relay):
    with socket.create_connection(("127.0.0.1", relay.port), timeout=5) as raw:
        raw.sendall(
            b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\n\r\n"
        )

        assert raw.recv(100).startswith(b"HTTP/1.1 400 ")


def test_the_oldest_socket_of_a_user_gives_way(live):
    relay = live.relay(sockets_per_user=2)
    first, second = (live.signed_in(relay, live.alice) for _ in range(2))
    others = live.signed_in(relay, live.bob)

    live.signed_in(relay, live.alice)

    assert first.closed() == (4409, [])
    for browser in (second, others):
        browser.say(m="ping")
        assert browser.hear() == {"m": "pong"}
