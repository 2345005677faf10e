"""WebSocket frames as browsers send them: masked, perhaps in parts.

They are read here, not by wsproto, whose parser keeps several objects and buffers for each
socket and costs more than what is done with most messages.
"""

from typing import NamedTuple

from web.relay.frames import FIN, SHORT, Opcode
from web.relay.protocol import MalformedError

MASKED = 0x80
MASK_BYTES = 4
RESERVED_BITS = 0x70
CONTROL = 0x8  #: Opcodes from here on may come between the parts of a message.


class TooBigError(MalformedError):
    """A message is longer than it may be; known from its first bytes, before it is read."""

    code = "too_big"


class Incoming(NamedTuple):
    """One whole message, or one control frame."""

    opcode: int
    payload: bytes


class Decoder:
    """Puts together what one browser sends, up to *message_bytes* a message."""

    __slots__ = ("_buffer", "_kind", "_limit", "_parts")

    def __init__(self, message_bytes: int) -> None:
        self._limit = message_bytes
        self._buffer = b""
        self._kind = 0  #: The opcode of a message that came in part.
        self._parts = b""

    def feed(self, data: bytes) -> list[Incoming]:
        """Return what is complete now; raise MalformedError for what is no WebSocket."""
        data = self._buffer + data if self._buffer else data
        found: list[Incoming] = []
        at = 0
        while (frame := self._frame(data, at)) is not None:
            first, payload, at = frame
            if (whole := self._whole(first, payload)) is not None:
                found.append(whole)
        self._buffer = data[at:]
        return found

    def _frame(self, data: bytes, at: int) -> tuple[int, bytes, int] | None:
        """Return the first byte, the payload and the end of the frame that begins at *at*."""
        if len(data) < at + 2:
            return None
        first, size = data[at], data[at + 1] & ~MASKED
        _check_head(first, data[at + 1])
        start = at + 2
        if size >= SHORT:
            start += 2 if size == SHORT else 8
            if len(data) < start:
                return None
            size = int.from_bytes(data[at + 2 : start], "big")
        if size > self._limit - len(self._parts):
            raise TooBigError(f"a message has {self._limit} bytes at most")
        end = start + MASK_BYTES + size
        if len(data) < end:
            return None
        mask = data[start : start + MASK_BYTES]
        return first, unmasked(mask, data[start + MASK_BYTES : end]), end

    def _whole(self, first: int, payload: bytes) -> Incoming | None:
        opcode = first & 0xF
        if opcode >= CONTROL:
            return Incoming(opcode, payload)
        if (opcode == 0) != bool(self._kind):
            raise MalformedError("a message begins in the middle of another, or has no beginning")
        self._kind = self._kind or opcode
        self._parts += payload
        if not first & FIN:
            return None
        whole = Incoming(self._kind, self._parts)
        self._kind, self._parts = 0, b""
        return whole


def unmasked(mask: bytes, payload: bytes) -> bytes:
    """Return what the browser masked, as one number: byte by byte takes a hundred times longer."""
    size = len(payload)
    key = (mask * (size // MASK_BYTES + 1))[:size]
    number = int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")
    return number.to_bytes(size, "big")


def _check_head(first: int, second: int) -> None:
    opcode = first & 0xF
    if first & RESERVED_BITS or opcode not in {0, *Opcode}:
        raise MalformedError("a frame is of a kind that was not agreed on")
    if not second & MASKED:
        raise MalformedError("a browser's frames are masked")
    if opcode >= CONTROL and (not first & FIN or second & ~MASKED >= SHORT):
        raise MalformedError("a control frame is whole and short")
