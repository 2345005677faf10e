"""Which names of files we take."""

import unicodedata

from shared.domain.errors import RejectedFileError
from shared.domain.images import RejectionCode

_MAX_BYTES = 255  #: What file systems hold.
#: Control characters, lone surrogates, and marks that turn the direction of writing
#: (with which `gpj.exe` looks like `exe.jpg`) are no part of a name.
_REFUSED_CATEGORIES = frozenset({"Cc", "Cs"})
_REFUSED_MARKS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def safe_filename(name: str) -> str:
    """Return *name* in composed Unicode; refuse a path and what no file is called."""
    composed = unicodedata.normalize("NFC", name)
    if reason := _reason_against(composed):
        raise RejectedFileError(
            f"The file name {_shown(composed)} {reason}. Rename the file and upload it.",
            code=RejectionCode.UNSAFE_NAME,
        )
    return composed


def _reason_against(name: str) -> str | None:
    if not name.strip():
        return "is empty"
    if "/" in name or "\\" in name:
        return "contains a path"
    if name in {".", ".."}:
        return "is a folder"
    if any(
        unicodedata.category(each) in _REFUSED_CATEGORIES or each in _REFUSED_MARKS for each in name
    ):
        return "contains control characters"
    if len(name.encode()) > _MAX_BYTES:
        return f"is longer than {_MAX_BYTES} bytes"
    return None


def _shown(name: str) -> str:
    printable = "".join(each if each.isprintable() else "�" for each in name)
    return f"“{printable[:80]}”"
