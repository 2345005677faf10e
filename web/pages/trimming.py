"""What browsers get of a module: what explains it, and how it is set, stays with us."""

import re

#: Comments with lines of their own, and those behind code; our modules have no text like them.
_COMMENT = re.compile(r"^[ \t]*(?://.*|/\*\*(?:.|\n)*?\*/)[ \t]*\n", re.MULTILINE)
_REMARK = re.compile(r"(?<=[;,{}])[ \t]+//[^\n`\"']*$", re.MULTILINE)
#: Before lines and between them. Texts that run over lines are HTML, where it means nothing.
_SPACE = re.compile(r"^[ \t]+|^\n+", re.MULTILINE)


def trimmed(source: str) -> str:
    """Return a module without comments, indentation and empty lines."""
    return _SPACE.sub("", _REMARK.sub("", _COMMENT.sub("", source)))
