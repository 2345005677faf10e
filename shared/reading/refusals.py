"""Errors of reading, told as what the owner of the file can do about them."""

from collections.abc import Iterator
from contextlib import contextmanager

from shared.domain.errors import RejectedFileError
from shared.domain.images import RejectionCode


def unreadable(name: str, reason: str = "its content is damaged or cut off") -> RejectedFileError:
    """Return the refusal of a file that begins as an image and breaks."""
    return RejectedFileError(
        f"{name} cannot be read: {reason}. "
        "Open it in your microscope's program, save it again and upload that copy.",
        code=RejectionCode.UNREADABLE_IMAGE,
    )


def too_much_memory(name: str) -> RejectedFileError:
    """Return the refusal of an image that does not fit into the memory for one."""
    return RejectedFileError(
        f"{name} needs more memory than one image may take. "
        "Crop it, or save fewer channels or planes, and upload that copy.",
        code=RejectionCode.TOO_MANY_PIXELS,
    )


def check_pixels(name: str, pixels: int, most: int | None) -> None:
    """Refuse an image of more than *most* pixels, before any is decoded."""
    if most is not None and pixels > most:
        raise RejectedFileError(
            f"{name} has {pixels:,} pixels; at most {most:,} are allowed. "
            "Crop it or reduce its size and upload that copy.",
            code=RejectionCode.TOO_MANY_PIXELS,
        )


@contextmanager
def refusing_broken(name: str) -> Iterator[None]:
    """Turn whatever a decoder raises into a refusal of the file.

    Decoders raise nearly every class of exception on a broken file, so none is
    listed here.
    """
    try:
        yield
    except RejectedFileError:
        raise
    except MemoryError as full:
        raise too_much_memory(name) from full
    except Exception as broken:
        raise unreadable(name) from broken
