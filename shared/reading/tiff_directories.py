"""Tells whether the directories of a TIFF are whole.

tifffile passes over a directory or an entry that lies beyond the end of the file; a
picture cut off there would look like one of fewer channels and no scale.
"""

import struct
from typing import BinaryIO

_BIG = 43
_PRIVATE = 32768  #: From this tag on entries are a vendor's own, and often careless.
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4} | {
    16: 8,
    17: 8,
    18: 8,
}


def is_whole(stream: BinaryIO) -> bool:
    """Tell whether every directory and every public entry lies inside the file."""
    size = stream.seek(0, 2)
    stream.seek(0)
    head = stream.read(16)
    order = "<" if head[:2] == b"II" else ">"
    try:
        big = struct.unpack_from(f"{order}H", head, 2)[0] == _BIG
        offset = struct.unpack_from(f"{order}{'Q' if big else 'L'}", head, 8 if big else 4)[0]
        seen: set[int] = set()
        while offset and offset not in seen:
            seen.add(offset)
            offset = _next_directory(stream, offset, order=order, big=big, size=size)
    except struct.error:
        return False
    return True


def _next_directory(stream: BinaryIO, offset: int, *, order: str, big: bool, size: int) -> int:
    """Return where the next directory is; raise struct.error if this one is cut off."""
    counter, entry, pointer = ("Q", "HHQQ", "Q") if big else ("H", "HHLL", "L")
    stream.seek(offset)
    width = struct.calcsize(f"{order}{counter}")
    count = struct.unpack(f"{order}{counter}", stream.read(width))[0]
    entries = stream.read(min(count * struct.calcsize(f"{order}{entry}"), size))
    inline = struct.calcsize(f"{order}{pointer}")
    for number in range(count):
        place = number * struct.calcsize(f"{order}{entry}")
        tag, kind, length, value = struct.unpack_from(f"{order}{entry}", entries, place)
        space = _SIZES.get(kind, 0) * length
        if tag < _PRIVATE and space > inline and value + space > size:
            raise struct.error
    following: int = struct.unpack(f"{order}{pointer}", stream.read(inline))[0]
    return following
