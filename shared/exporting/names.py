"""Names of files in an export: like the uploaded ones, no two alike, and good on every system."""

import re
from dataclasses import dataclass, field
from pathlib import PurePath

#: What Windows takes in no name, what shells and programs stumble over, and what no XML may hold.
_UNWELCOME = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f\ufffe\uffff]')

#: File systems take 255 bytes. A page, a number and `_RoiSet.zip` come after the stem.
_LONGEST_STEM = 200
_DEVICES = frozenset({"con", "prn", "aux", "nul"}) | {
    f"{port}{digit}" for port in ("com", "lpt") for digit in range(1, 10)
}


@dataclass
class Names:
    """Gives each image its names, in the order in which it is asked."""

    _taken: set[str] = field(default_factory=set)
    _numbers: dict[str, int] = field(default_factory=dict)  #: The last one given to a stem.

    def give(self, filename: str, page: int | None) -> tuple[str, str]:
        """Return the stem of the image's files, and what tables call it.

        The stem is the file name without its extension, cut where no file may be called so, with
        `_p<page>` for an image of a file that has several, and with `_<n>` where names repeat;
        upper and lower case are alike. A table has the extension too.
        """
        path = PurePath(filename)
        stem = _harmless(path.stem) + ("" if page is None else f"_p{page}")
        # Ten thousand wells may each have a `1.tif`: no number is tried twice.
        unique, number = stem, self._numbers.get(stem.lower(), 1)
        while unique.lower() in self._taken:
            number += 1
            unique = f"{stem}_{number}"
        self._taken.add(unique.lower())
        self._numbers[stem.lower()] = number
        return unique, f"{unique}{_harmless_suffix(path.suffix)}"


def _harmless(stem: str) -> str:
    short = stem.encode()[:_LONGEST_STEM].decode(errors="ignore")
    name = _UNWELCOME.sub("_", short).strip(". ")
    if not name:
        return "image"
    return f"_{name}" if name.lower() in _DEVICES else name


def _harmless_suffix(suffix: str) -> str:
    return _UNWELCOME.sub("_", suffix).rstrip(". ")
