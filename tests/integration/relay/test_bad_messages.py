"""Messages that break the rules end their socket, never the relay (R10)."""

import socket
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed


@pytest.mark.parametrize(
    "text",
    [
        "not JSON",
        "[]",
        "{}",
        '{"m": 5}',
        '{"m": "sub"}',
        '{"m": "sub", "subs": []}',
        '{"m": "sub", "subs": [{"ch": 7}]}',
        '{"m": "sub", "subs": [{"ch": "' + "x" * 100 + '"}]}',
        '{"m": "hello", "ticket": "again"}',
        "[" * 10_000,
    ],
)
def test_a_malformed_message_is_named_and_closes_with_4400(live, relay, text):
    browser = live.signed_in(relay, live.alice)

    browser.connection.send(text)
    code, before = browser.closed()

    assert code == 4400
    assert [(message["m"], message["code"]) for message in before] == [("error", "malformed")]
    assert live.signed_in(relay, live.alice)


def test_a_binary_message_closes_with_4400(live, relay):
    browser = live.signed_in(relay, live.alice)

    browser.connection.send(b"\x00\x01")

    assert browser.closed()[0] == 4400


@pytest.mark.parametrize("parts", [["x" * 17_000], ["x" * 9_000, "x" * 9_000]])
def test_a_message_that_is_too_big_closes_with_1009(live, relay, parts):
    browser = live.signed_in(relay, live.alice)

    with suppress(ConnectionClosed):  # The relay need not wait for the end of it.
        browser.connection.send(iter(parts))
    code, before = browser.closed()

    assert code == 1009
    assert [message["code"] for message in before] == ["too_big"]


def test_a_message_in_many_parts_is_one_message(live, relay):
    browser = live.signed_in(relay, live.alice)

    browser.connection.send(iter(['{"m":', '"ping"', ',"t":1.5}']))

    assert browser.hear() == {"m": "pong", "t": 1.5}


def test_too_many_messages_close_with_4429(live, relay):
    browser = live.signed_in(relay, live.alice, max_queue=None)

    with suppress(ConnectionClosed):  # The relay may be faster.
        for _ in range(100):
            browser.say(m="ping")
    code, before = browser.closed()

    assert code == 4429
    assert before[-1]["code"] == "too_many_messages"


def test_a_message_of_a_kind_nobody_knows_yet_is_answered_and_ignored(live, relay):
    browser = live.signed_in(relay, live.alice)

    browser.say(m="later", hidden=True)
    browser.say(m="ping", unknown="field")

    assert browser.hear()["code"] == "unknown_message"
    assert browser.hear() == {"m": "pong"}


def test_more_channels_than_allowed_are_refused_one_by_one(live):
    relay = live.relay(channels=2)
    browser = live.signed_in(relay, live.alice)  # Its own user channel is the first.

    answers = browser.subscribe(live.project, live.images)

    assert [answer.get("code") for answer in answers] == [None, "too_many_channels"]


@pytest.mark.parametrize(
    "rubbish",
    [
        b"\x81\x05hello",  # Not masked.
        b"\xf1\x80\x00\x00\x00\x00",  # Reserved bits.
        b"\x83\x80\x00\x00\x00\x00",  # An opcode that does not exist.
        b"\x89\xfe\x00\x80" + bytes(132),  # A ping that is too long.
        b"\x81\x82\x00\x00\x00\x00\xff\xfe",  # No UTF-8.
        b"\x88\x81\x00\x00\x00\x00\x01",  # A close with half a code.
    ],
)
def test_bytes_that_are_no_frame_end_one_socket(live, relay, rubbish):
    other = live.signed_in(relay, live.alice)
    with socket.create_connection(("127.0.0.1", relay.port), timeout=10) as raw:
        raw.sendall(
            b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        assert raw.recv(4096).startswith(b"HTTP/1.1 101 ")

        raw.sendall(rubbish)

        assert raw.recv(4096)[:1] == b"\x88"
    other.say(m="ping")
    assert other.hear() == {"m": "pong"}
