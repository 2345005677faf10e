"""The words of the pages: one catalogue a language, read once; docs/messages.md is the how-to."""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

FOLDER = Path(__file__).resolve().parent.parent / "messages"

ENGLISH = "en"
#: English with accents, brackets and a third more letters: what it shows plainly was never put
#: into the catalogue, and what it breaks has too little room for other languages.
PSEUDO = "en-XA"
CATALOGUES = (ENGLISH, "de")
LANGUAGES = (*CATALOGUES, PSEUDO)

#: Messages that only templates use; browsers do not get them.
ON_THE_SERVER = "page."

Message = str | Mapping[str, str]

_PLACE = re.compile(r"\{(\w+)\}")
_ACCENTED = str.maketrans("AEIOUYaeiouycnsz", "ÅÊÎØÛÝåêîøûýçñšž")
_LONGER = 0.35
_ONE_WORD = 6  #: Letters of padding that stay with the word before.

#: Between each three digits of a number.
_GROUPING = MappingProxyType({"en": ",", "de": "."})


def catalogue_of(language: str) -> str:
    """Return which catalogue a language such as en-DE is written with."""
    if language == PSEUDO:
        return PSEUDO
    known = language.partition("-")[0]
    return known if known in CATALOGUES else ENGLISH


@cache
def catalogue(name: str) -> Mapping[str, Message]:
    """Return all messages by key; one that counts is a mapping of plural forms."""
    if name == PSEUDO:
        return MappingProxyType({key: _pseudo(m) for key, m in catalogue(ENGLISH).items()})
    return MappingProxyType(json.loads((FOLDER / f"{name}.json").read_text()))


def translated(language: str, key: str, **values: object) -> str:
    """Return the message *key* with *values* in their places; `count` chooses the plural form."""
    name = catalogue_of(language)
    message = catalogue(name)[key]
    if isinstance(message, Mapping):
        # Of the languages here one means exactly one; the others come with their own rule.
        message = message["one" if values["count"] == 1 else "other"]
    return _PLACE.sub(lambda place: _written(values[place[1]], name), message)


def pseudo(text: str) -> str:
    """Return *text* as the pseudo-locale writes it; places stay what they are."""
    parts = _PLACE.split(text)
    written = "".join(
        f"{{{part}}}" if at % 2 else part.translate(_ACCENTED) for at, part in enumerate(parts)
    )
    letters = sum(len(part) for part in parts[::2])
    return f"[{written}{_padding(round(letters * _LONGER))}]"


def _padding(length: int) -> str:
    """Return so many letters more, in words that a line can break at."""
    words = " ~~~~" * (length // len(" ~~~~") + 1)
    return words[:length].rstrip() if length > _ONE_WORD else "~" * length


def _pseudo(message: Message) -> Message:
    if isinstance(message, Mapping):
        return {form: pseudo(text) for form, text in message.items()}
    return pseudo(message)


def _written(value: object, name: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}".replace(",", _GROUPING[name.partition("-")[0]])
    return str(value)
