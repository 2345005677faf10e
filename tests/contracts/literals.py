"""Finds text that people read in JavaScript and templates, where the catalogue should be asked."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

#: Attributes that are read out or shown.
SPOKEN = frozenset(
    {
        "alt",
        "aria-description",
        "aria-label",
        "aria-roledescription",
        "label",
        "placeholder",
        "title",
        "words",
    }
)

#: Where an expression stood.
GAP = "\0"

_WORD = re.compile(r"[^\W\d_]{2,}")
#: How a sentence or a label of our own begins, unlike keys, classes and addresses.
_SENTENCE = re.compile(r"^(?:A |[A-Z][a-z]+(?:[ ,.;…?!]|$))|[a-z]{2,} [a-z]{2,}.*[.?!…]$")
#: A piece of a sentence: words in brackets, or one between two expressions.
_PIECE = re.compile(rf"\([a-z]+ [a-z]+\)|{GAP} (?:[a-z]{{2,}}|[a-z]{{4,}},) {GAP}")
_TEMPLATE_CODE = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_CLASS = re.compile(r"\{% block body_class %\}.*?\{% endblock %\}")
_STATEMENT = re.compile(r"<script.*?</script>|<style.*?</style>", re.DOTALL)


def spoken_of_template(source: str) -> list[str]:
    """Return the words that a Jinja template shows by itself."""
    source = _CLASS.sub("", source)
    quoted = [
        text
        for code in _TEMPLATE_CODE.findall(source)
        if not code.startswith("{#")
        for text in re.findall(r'"([^"]*)"', code)
        if _SENTENCE.search(text)
    ]
    return [*quoted, *_spoken_of_html(_STATEMENT.sub("", _TEMPLATE_CODE.sub(GAP, source)))]


def spoken_of_script(source: str) -> list[str]:
    """Return the words that a module of ours says by itself."""
    found: list[str] = []
    for kind, text in texts(source):
        if kind == "html":
            found += _spoken_of_html(text)
        elif _PIECE.search(text) or (
            _SENTENCE.search(text.replace(GAP, "")) and _WORD.search(text)
        ):
            found.append(text)
    return found


def _spoken_of_html(source: str) -> list[str]:
    reader = _Reader()
    # A component is a gap where the name of an element would be.
    reader.feed(source.replace(f"<{GAP}", "<component").replace(f"</{GAP}", "</component"))
    reader.close()
    return reader.found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent = 0  # Inside <code>: what is typed, in every language the same.

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in {"code", "kbd"}
        for name, value in attrs:
            if name in SPOKEN and value and _WORD.search(value.replace(GAP, "")):
                self.found.append(value)

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in {"code", "kbd"} and self.silent > 0

    def handle_data(self, data: str) -> None:
        text = " ".join(data.replace(GAP, " ").split())
        if not self.silent and _WORD.search(text):
            self.found.append(text)


def texts(source: str) -> Iterator[tuple[str, str]]:
    """Yield every string and template of a module, expressions inside as gaps of it and anew."""
    at = 0
    while at < len(source):
        rest = source[at:]
        if rest.startswith("//"):
            at = _after(source, at, "\n")
        elif rest.startswith("/*"):
            at = _after(source, at, "*/")
        elif rest[0] in "\"'":
            end = _end_of_string(source, at)
            yield "text", source[at + 1 : end]
            at = end + 1
        elif rest[0] == "`":
            is_html = source[:at].endswith("html")
            text, inside, at = _template(source, at)
            yield ("html" if is_html else "text"), text
            for each in inside:
                yield from texts(each)
        elif rest[0] == "/" and re.search(r"[=(,:!&|?{};\n]\s*$", source[max(0, at - 20) : at]):
            at = _end_of_pattern(source, at) + 1
        else:
            at += 1


def _after(source: str, at: int, mark: str) -> int:
    found = source.find(mark, at)
    return len(source) if found < 0 else found + len(mark)


def _end_of_string(source: str, at: int) -> int:
    end = at + 1
    while end < len(source) and source[end] != source[at]:
        end += 2 if source[end] == "\\" else 1
    return end


def _end_of_pattern(source: str, at: int) -> int:
    end, in_class = at + 1, False
    while end < len(source) and (source[end] != "/" or in_class) and source[end] != "\n":
        in_class = (in_class or source[end] == "[") and source[end] != "]"
        end += 2 if source[end] == "\\" else 1
    return end


def _template(source: str, at: int) -> tuple[str, list[str], int]:
    """Return a template's text, the expressions inside, and where it ends."""
    text, inside = "", []
    at += 1
    while source[at] != "`":
        if source[at] == "\\":
            text, at = text + source[at + 1], at + 2
        elif source.startswith("${", at):
            end = _end_of_expression(source, at + 2)
            inside.append(source[at + 2 : end])
            text, at = text + GAP, end + 1
        else:
            text, at = text + source[at], at + 1
    return text, inside, at + 1


def _end_of_expression(source: str, at: int) -> int:
    depth = 0
    while source[at] != "}" or depth:
        if source[at] == "`":
            at = _template(source, at)[2]
            continue
        if source[at] in "\"'":
            at = _end_of_string(source, at)
        depth += {"{": 1, "}": -1}.get(source[at], 0)
        at += 1
    return at
