"""What browsers send, frame by frame."""

import random

import pytest

from web.relay.incoming import Decoder, TooBigError, unmasked
from web.relay.protocol import MalformedError

MASK = b"\x12\x34\x56\x78"
TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9


def sent(payload: bytes, *, opcode: int = TEXT, fin: bool = True, mask: bytes = MASK) -> bytes:
    """Return a frame as a browser sends it."""
    size = len(payload)
    head = bytes([opcode | (0x80 if fin else 0)])
    if size < 126:
        head += bytes([0x80 | size])
    elif size < 1 << 16:
        head += bytes([0x80 | 126]) + size.to_bytes(2, "big")
    else:
        head += bytes([0x80 | 127]) + size.to_bytes(8, "big")
    return head + mask + unmasked(mask, payload)


@pytest.mark.parametrize("size", [0, 1, 3, 4, 125, 126, 127, 4096, 65535, 65536])
def test_a_message_of_any_length_is_read(size):
    payload = random.Random(size).randbytes(size)  # noqa: S311

    assert Decoder(1 << 20).feed(sent(payload)) == [(TEXT, payload)]


def test_the_mask_is_applied_byte_by_byte():
    assert unmasked(b"\x01\x02\x03\x04", b"\x01\x02\x03\x04\x01") == b"\x00" * 5


def test_messages_may_arrive_together_and_in_any_pieces():
    stream = sent(b"one") + sent(b"x" * 300) + sent(b"", opcode=PING) + sent(b"three")
    decoder = Decoder(16384)

    found = [message for at in range(len(stream)) for message in decoder.feed(stream[at : at + 1])]

    assert found == Decoder(16384).feed(stream)
    assert [payload for _, payload in found] == [b"one", b"x" * 300, b"", b"three"]


def test_the_parts_of_a_message_are_put_together_with_a_ping_between_them():
    stream = (
        sent(b"he", fin=False) + sent(b"?", opcode=PING) + sent(b"l", opcode=0, fin=False)
    ) + sent(b"lo", opcode=0)

    assert Decoder(100).feed(stream) == [(PING, b"?"), (TEXT, b"hello")]


@pytest.mark.parametrize(
    "stream",
    [
        b"\x81\x05hello",  # not masked
        sent(b"x", opcode=TEXT | 0x40),  # a reserved bit, as for compression
        sent(b"x", opcode=3),
        sent(b"x", opcode=0),  # goes on with nothing
        sent(b"a", fin=False) + sent(b"b"),  # a message inside another
        sent(b"x", opcode=PING, fin=False),
        sent(b"x" * 126, opcode=CLOSE),
        b"GET /ws HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_no_websocket_is_refused(stream):
    """R10."""
    with pytest.raises(MalformedError):
        Decoder(1000).feed(stream)


@pytest.mark.parametrize(
    "stream",
    [
        sent(b"x" * 101),
        sent(b"x" * 101)[:4],
        sent(b"x" * 60, fin=False) + sent(b"x" * 60, opcode=0),
    ],
)
def test_a_message_that_is_too_long_is_refused_as_soon_as_it_says_so(stream):
    """R10, 1009."""
    with pytest.raises(TooBigError):
        Decoder(100).feed(stream)


def test_random_bytes_are_read_or_refused_and_nothing_else():
    """A5."""
    source = random.Random(5)  # noqa: S311
    for _ in range(2000):
        decoder = Decoder(200)
        try:
            decoder.feed(source.randbytes(source.randrange(300)))
        except MalformedError:
            continue
