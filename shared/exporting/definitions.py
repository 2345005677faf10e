"""What each column of a table means, in one line: formula, unit and whose formula it is."""

import re
from types import MappingProxyType

from shared.domain.measurements import column_of

_OURS = MappingProxyType(
    {
        "image": "what this export calls the image",
        "label": "the number of the object in its image; its value in the label image",
        "class": "the class that somebody gave the object; empty where nobody did",
        "score": "how sure the engine is, 0 to 1; empty where it does not say",
    }
)

_PART = re.compile(r"(.+)-(\d+)")


def definition_of(column: str) -> str:
    """Return what the column means; of one that nobody defined, that it is the engine's own."""
    if column in _OURS:
        return _OURS[column]
    if (known := column_of(column)) is not None:
        unit = f", in {known.unit}" if known.unit else ""
        return f"{known.title}: {known.description}{unit} ({known.source})"
    if part := _PART.fullmatch(column):
        return f"number {int(part[2]) + 1} of {definition_of(part[1])}"
    return "a measurement of the engine's own"
