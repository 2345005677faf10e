"""Errors of reading, told as what the owner of the file can do about them."""

from collections.abc import Iterator
from contextlib import contextmanager

from shared.domain.errors import RejectedFileError
from shared.domain.images import RejectionCode

#: Images that one file may hold: each page, moment or position is one.
MOST_PAGES = 1_000


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


def check_page(name: str, page: int, pages: int) -> None:
    """Refuse a file of too many images, and a page that it does not have."""
    if pages > MOST_PAGES:
        raise RejectedFileError(
            f"{name} holds {pages:,} pages, and each would be an image; at most {MOST_PAGES:,} are "
            "taken from one file. Save it in parts and upload those.",
            code=RejectionCode.TOO_MANY_PIXELS,
        )
    if page >= pages:
        count = "one page" if pages == 1 else f"{pages:,} pages"
        raise unreadable(name, f"it has {count}, and page {page + 1} was asked for")


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
