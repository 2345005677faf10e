"""Frames, read back by an independent implementation."""

import json

import pytest
from wsproto.connection import Connection, ConnectionType
from wsproto.events import CloseConnection, Message, Pong

from web.relay.frames import Opcode, close_frame, conflated, frame, payload_of, text_frame


def read(whole: bytes) -> list[object]:
    client = Connection(ConnectionType.CLIENT)
    client.receive_data(whole)
    return list(client.events())


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
def test_a_text_of_any_size_arrives_whole(size):
    text = "x" * size

    parts = [event for event in read(text_frame(text.encode())) if isinstance(event, Message)]

    assert "".join(part.data for part in parts) == text
    assert parts[-1].message_finished


def test_a_close_says_its_code_and_as_much_of_the_reason_as_fits():
    [short] = read(close_frame(4429, "too slow"))
    [long] = read(close_frame(4400, "ü" * 200))

    assert (short.code, short.reason) == (4429, "too slow")
    assert isinstance(long, CloseConnection)
    assert long.reason == "ü" * 61


def test_a_pong_returns_what_the_ping_carried():
    assert read(frame(Opcode.PONG, b"abc")) == [Pong(b"abc")]


@pytest.mark.parametrize("size", [10, 1_000, 100_000])
def test_a_conflated_frame_says_for_how_many_it_stands(size):
    message = {"m": "pub", "data": "x" * size}
    whole = conflated(text_frame(json.dumps(message).encode()), 7)

    assert json.loads(payload_of(whole)) == {**message, "cf": 7}
