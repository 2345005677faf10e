"""Modules with the messages that they use: each is served in every language, its words at its top.

So a page fetches the words that its modules say and no others, with no request of their own, and a
module that comes later brings its words before it runs.
"""

import json
import re
from collections.abc import Mapping

from web.pages.messages import ON_THE_SERVER, Message

#: A text that may be a key, wherever it stands: a table or a condition may choose it.
_TEXT = re.compile(r'(["\'`])([\w.-]+)\1')
#: The beginning of a key that is put together: all that begin so may be meant.
_BEGINNING = re.compile(r'["\'`]([\w-]+\.[\w.-]*)(?:\$\{|["\']\s*\+)')


def messages_of(source: str, catalogue: Mapping[str, Message]) -> dict[str, Message]:
    """Return the messages of *catalogue* that a module may ask for."""
    texts = {text for _, text in _TEXT.findall(source)}
    beginnings = tuple(_BEGINNING.findall(source))
    begun = {key for key in catalogue if key.startswith(beginnings)} if beginnings else set()
    asked = (texts & catalogue.keys()) | begun
    return {key: catalogue[key] for key in sorted(asked) if not key.startswith(ON_THE_SERVER)}


def speaking(source: str, catalogue: Mapping[str, Message]) -> str:
    """Return a module that first adds its messages to those that `i18n.js` looks them up in."""
    messages = messages_of(source, catalogue)
    if not messages:
        return source
    written = json.dumps(messages, ensure_ascii=False, separators=(",", ":"))
    return f"Object.assign(globalThis.celltallyMessages ??= {{}}, {written});\n{source}"
