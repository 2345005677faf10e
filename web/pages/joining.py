"""Modules that pages need together, written in parts and served as one: a request for all.

There is no build step. The parts stay modules that tests import one by one, their sources know
nothing of it, and the whole is put together when the server starts; the import map leads from each
part to the whole.

The parts share one scope there, as if they had been written in one file. To wrap each in a function
would keep their names apart, but every name that passes between them would stand there three times
more: 4 % of what the viewer weighs. So a top-level name stands in one part alone, and whatever else
cannot be joined so stops the start with what is wrong and where.
"""

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType
from typing import NamedTuple

#: Each whole and its parts: modules, or a folder of them.
WHOLES = MappingProxyType(
    {
        "js/core.js": (
            "js/api.js",
            "js/channels.js",
            "js/components/Toasts.js",
            "js/connection.js",
            "js/events.js",
            "js/hooks.js",
            "js/i18n.js",
            "js/stores.js",
            "js/ui.js",
        ),
        "js/home.js": (
            "js/components/ActivityFeed.js",
            "js/components/Kpis.js",
            "js/components/ProjectCard.js",
            "js/components/ProjectList.js",
            "js/dialogs.js",
            "js/feed.js",
            "js/home_hooks.js",
            "js/listing.js",
            "js/throughput.js",
        ),
        "js/viewer.js": ("js/viewer/",),
        "js/editor.js": ("js/editor/",),
    }
)

_IMPORT = re.compile(r'^import\s+(\w+|\{[^}]*\})\s+from\s+"([^"]+)";\n', re.MULTILINE)
_LATER = re.compile(r'\bimport\("(\.[^"]+)"\)')
_PASSED_ON = re.compile(r"^export (\{[^}]*\});\n", re.MULTILINE)
#: At the beginning of a line, so at the top level; a pattern declares several names.
_DECLARED = re.compile(
    r"^(export )?(?:async )?(?:const|let|class|function\*?) (\w+|\{[^}]*\}|\[[^\]]*\])",
    re.MULTILINE,
)
#: Imports and exports in other forms, and what means something else in another place.
_OTHER = re.compile(
    r"^import\b(?!\().*|^export (?!(?:async|const|let|class|function)\b).*|^.*\bimport\.meta\b.*",
    re.MULTILINE,
)


class JoiningError(ValueError):
    """The parts of a whole cannot be joined as they are written."""


def whole_of(name: str) -> str:
    """Return the module that *name* is served in; for most it is the module itself."""
    return next((whole for whole, parts in WHOLES.items() if name.startswith(parts)), name)


def place_of(importer: str, wanted: str) -> str:
    """Return the name of the module that *importer* calls *wanted*; packages keep theirs."""
    if not wanted.startswith("."):
        return wanted
    return posixpath.normpath(posixpath.join(posixpath.dirname(importer), wanted))


def joined(whole: str, sources: Mapping[str, str]) -> str:
    """Return the module *whole* made of its parts, *sources* by their names."""
    parts = {name: _Part(name, source) for name, source in sources.items()}
    _check_names(parts)
    bodies = (parts[name].body_in(whole) for name in _in_order(parts))
    return "\n".join([*_imports(whole, parts), *bodies])


class _Import(NamedTuple):
    name: str
    of: str
    is_all: bool  #: What a package is by default.


class _Part:
    """One module: what it imports, declares and exports, and the rest of it."""

    def __init__(self, name: str, source: str) -> None:
        self.name = name
        self.imports = [
            _Import(each, place_of(name, of), is_all=names == each)
            for names, of in _IMPORT.findall(source)
            for each in self._listed(names)
        ]
        declared = _DECLARED.findall(source)
        self.declared = {each for _, names in declared for each in self._listed(names)}
        self.exported = {n for export, names in declared if export for n in self._listed(names)}
        self.passed_on = {n for names in _PASSED_ON.findall(source) for n in self._listed(names)}
        self._body = _PASSED_ON.sub("", _IMPORT.sub("", source))
        if other := _OTHER.search(self._body):
            raise JoiningError(f"{name}: this cannot be joined with others: {other[0].strip()}")

    def body_in(self, whole: str) -> str:
        """Return the rest, with what it imports later called as *whole* calls it."""

        def called(found: "re.Match[str]") -> str:
            return f'import("{_called(whole, place_of(self.name, found[1]))}")'

        return _LATER.sub(called, self._body)

    def _listed(self, names: str) -> list[str]:
        listed = [each.strip() for each in names.strip("{[]}").split(",") if each.strip()]
        for each in listed:
            if not each.isidentifier():
                raise JoiningError(f"{self.name}: names are taken and given as they are: {each}")
        return listed


def _check_names(parts: Mapping[str, _Part]) -> None:
    """Raise when a name would mean two things in the shared scope, or nothing."""
    exported = {name for part in parts.values() for name in part.exported}
    meanings: dict[str, str] = {}
    for part in parts.values():
        outside = [(name, whole_of(of)) for name, of, _ in part.imports if of not in parts]
        for name, of in [*outside, *((name, part.name) for name in part.declared)]:
            if meanings.setdefault(name, of) != of:
                raise JoiningError(f"{name} would be of {meanings[name]} and of {of}")
        asked = {name for name, of, _ in part.imports if of in parts}
        for name in (asked | part.passed_on) - exported:
            raise JoiningError(f"{part.name}: none of the other parts exports {name}")


def _in_order(parts: Mapping[str, _Part]) -> Iterable[str]:
    """Return the names, each after all that it imports."""
    needs = {
        name: sorted({of for _, of, _ in part.imports if of in parts})
        for name, part in parts.items()
    }
    try:
        return tuple(TopologicalSorter(needs).static_order())
    except CycleError as circle:
        raise JoiningError(f"parts import each other: {', '.join(circle.args[1])}") from None


def _imports(whole: str, parts: Mapping[str, _Part]) -> Iterator[str]:
    """Yield what the whole imports of packages and other modules, each name once."""
    wanted: dict[tuple[str, bool], set[str]] = defaultdict(set)
    for part in parts.values():
        for name, of, is_all in part.imports:
            if of not in parts:
                wanted[whole_of(of), is_all].add(name)
    for (of, is_all), names in sorted(wanted.items()):
        listed = ", ".join(sorted(names))
        yield f'import {listed if is_all else f"{{ {listed} }}"} from "{_called(whole, of)}";'


def _called(importer: str, name: str) -> str:
    """Return what *importer* calls the module *name*, the other way round than `place_of`."""
    if not name.endswith(".js"):  # A package.
        return name
    path = posixpath.relpath(name, posixpath.dirname(importer))
    return path if path.startswith(".") else f"./{path}"
