"""Modules of a folder served as one file, so that a page asks for few.

There is no build step: the parts stay modules that can be imported one by one, as tests do, and
the whole is put together when the server starts. For that they keep to plain forms: named imports
and exports alone, each name exported once in a folder, and no circle of imports.
"""

import posixpath
import re
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

#: What is served, and the folder of its parts. Later ones may import from earlier ones.
BUNDLES = {"js/viewer.js": "js/viewer/", "js/editor.js": "js/editor/"}

#: Comments with lines of their own, and those behind code; our modules have no text like them.
_COMMENT = re.compile(r"^[ \t]*(?://.*|/\*\*(?:.|\n)*?\*/)[ \t]*\n", re.MULTILINE)
_REMARK = re.compile(r"(?<=[;,{}])[ \t]+//[^\n`\"']*$", re.MULTILINE)
_SPACE = re.compile(r"^[ \t]+|^\n+", re.MULTILINE)

_IMPORT = re.compile(r'^import\s*\{([^}]*)\}\s*from\s*"([^"]+)";\n?', re.MULTILINE)
_EXPORT = re.compile(
    r"^export\s+(?=(?:async\s+)?(?:function\*?|class|const)\s+(\w+))", re.MULTILINE
)
_LEFT = re.compile(r"^(?:import|export)\b", re.MULTILINE)


class BundleError(ValueError):
    """A part is written in a form that cannot be put together."""


def without_comments(source: str) -> str:
    """Return a module as browsers get it: what explains it stays with us."""
    return _REMARK.sub("", _COMMENT.sub("", source))


def bundled(bundle: str, parts: Mapping[str, str]) -> str:
    """Return the module *bundle* made of its *parts*, sources by their names."""
    sources = {name: _Part(name, source) for name, source in parts.items()}
    outside: dict[str, str] = {}
    pieces = []
    exported: dict[str, str] = {}
    for name in _in_order(sources):
        part = sources[name]
        for each in part.exports:
            if each in exported:
                raise BundleError(f"{name} and {exported[each]} both export {each}")
            exported[each] = name
        pieces.append(_piece(part, sources, bundle, outside))
    imports = [f'import * as {alias} from "{wanted}";' for wanted, alias in outside.items()]
    return _SPACE.sub("", "\n".join([*imports, *pieces, ""]))


class _Part:
    """One module of the folder: what it imports and exports, and the rest."""

    def __init__(self, name: str, source: str) -> None:
        self.name = name
        self.imports = [(_renamed(names), wanted) for names, wanted in _IMPORT.findall(source)]
        self.exports = _EXPORT.findall(source)
        self.body = _EXPORT.sub("", _IMPORT.sub("", source))
        if _LEFT.search(self.body):
            raise BundleError(f"{name} imports or exports in a form that cannot be put together")

    def resolved(self, wanted: str) -> str:
        """Return the file that *wanted* names, or the name of a package."""
        if not wanted.startswith("."):
            return wanted
        return posixpath.normpath(posixpath.join(posixpath.dirname(self.name), wanted))


def _piece(part: _Part, sources: Mapping[str, _Part], bundle: str, outside: dict[str, str]) -> str:
    lines = []
    for names, wanted in part.imports:
        file = part.resolved(wanted)
        if file in sources:
            alias = _alias(file)
        else:
            alias = outside.setdefault(_address(file, bundle), f"$from{len(outside)}")
        lines.append(f"const {{ {names} }} = {alias};")
    shared = ", ".join(part.exports)
    head = f"const {_alias(part.name)} = (() => {{"
    foot = f"return {{ {shared} }};\n}})();"
    public = f"export const {{ {shared} }} = {_alias(part.name)};" if part.exports else ""
    return "\n".join([head, *lines, part.body, foot, public])


def _in_order(sources: Mapping[str, _Part]) -> list[str]:
    """Return the names, each behind all that it imports."""
    needs = {
        name: [file for _, wanted in part.imports if (file := part.resolved(wanted)) in sources]
        for name, part in sources.items()
    }
    try:
        return list(TopologicalSorter(needs).static_order())
    except CycleError as circle:
        raise BundleError(f"modules import each other: {circle.args[1]}") from None


def _address(file: str, bundle: str) -> str:
    """Return how *bundle* imports *file*; what lies in another bundle's folder comes from that."""
    for other, folder in BUNDLES.items():
        if file.startswith(folder):
            file = other
    if "/" not in file or file.startswith("@") or not file.endswith(".js"):
        return file
    return f"./{posixpath.relpath(file, posixpath.dirname(bundle))}"


def _renamed(names: str) -> str:
    """Return the names of an import as a destructuring has them."""
    return ", ".join(
        each.strip().replace(" as ", ": ") for each in names.split(",") if each.strip()
    )


def _alias(name: str) -> str:
    return "$" + re.sub(r"\W", "_", posixpath.basename(name).removesuffix(".js"))
