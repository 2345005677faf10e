"""Documents as YAML: blocks of keys, and every other value as JSON, which is YAML too."""

import re
from collections.abc import Iterator
from typing import Any

from flask import json

#: What needs no quotes as a key; words such as `on` and `null` mean something else in YAML.
_PLAIN = re.compile(r"(?!(?:y|n|yes|no|on|off|true|false|null)$)[A-Za-z][\w.-]*", re.IGNORECASE)


def written_as_yaml(document: dict[str, Any]) -> str:
    """Return *document* as YAML."""
    return "\n".join(_lines(document, "")) + "\n"


def _lines(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _entry(f"{indent}{_key(key)}:", each, indent + "  ")
    else:
        for each in value:
            yield from _entry(f"{indent}-", each, indent + "  ")


def _entry(head: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict | list) and value:
        yield head
        yield from _lines(value, indent)
    elif isinstance(value, str) and value.endswith("\n"):
        yield f"{head} |"
        yield from (f"{indent}{line}".rstrip() for line in value.splitlines())
    else:
        yield f"{head} {json.dumps(value)}"


def _key(key: str) -> str:
    return key if _PLAIN.fullmatch(key) else str(json.dumps(key))
