"""WebSocket frames as RFC 6455 writes them from a server: whole, unmasked, uncompressed.

They are made here, not by simple-websocket, so that one message to a thousand browsers
is encoded once, and so that a socket takes only part of a frame without losing the rest.
"""

import struct
from enum import IntEnum

FIN = 0x80
SHORT = 126  #: Lengths from here on take two bytes more,
LONG = 1 << 16  #: and from here on eight.
MAX_REASON = 123  #: Bytes that fit into a close frame beside its code.


class Opcode(IntEnum):
    """The kinds of frame that begin a message or stand for themselves."""

    TEXT = 0x1
    BINARY = 0x2  #: Nobody sends it here.
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


def frame(opcode: Opcode, payload: bytes) -> bytes:
    """Return one whole frame."""
    size = len(payload)
    if size < SHORT:
        return bytes((FIN | opcode, size)) + payload
    if size < LONG:
        return struct.pack("!BBH", FIN | opcode, SHORT, size) + payload
    return struct.pack("!BBQ", FIN | opcode, SHORT + 1, size) + payload


def text_frame(payload: bytes) -> bytes:
    """Return a message of UTF-8 text."""
    return frame(Opcode.TEXT, payload)


def close_frame(code: int, reason: str = "") -> bytes:
    """Return the frame that ends a socket, its reason cut to what fits."""
    cut = reason.encode()[:MAX_REASON].decode(errors="ignore")
    return frame(Opcode.CLOSE, struct.pack("!H", code) + cut.encode())


def payload_of(whole: bytes) -> bytes:
    """Return what a frame made here carries."""
    head = {SHORT: 4, SHORT + 1: 10}.get(whole[1], 2)
    return whole[head:]


def conflated(whole: bytes, updates: int) -> bytes:
    """Return the `pub` frame once more, saying that it stands for so many updates."""
    return text_frame(payload_of(whole)[:-1] + b',"cf":%d}' % updates)
