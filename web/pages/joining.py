"""Modules that pages always need together, written in parts and served as one: a request for all.

The parts share one scope there. So their top-level names are unique, an import takes no other
name, and a test holds both.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from types import MappingProxyType

#: Each whole, and the parts it is made of.
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
            "js/listing.js",
            "js/throughput.js",
        ),
    }
)

#: Each part, and the whole that it is served in.
WHOLE_OF = MappingProxyType({part: whole for whole, parts in WHOLES.items() for part in parts})

IMPORT = re.compile(
    r'^import\s+(?:(?P<whole>\w+)|\{(?P<some>[^}]*)\})\s+from\s+"(?P<of>[^"]+)";\n', re.MULTILINE
)
_DYNAMIC = re.compile(r'\bimport\("(\.[^"]+)"\)')
_PASSED_ON = re.compile(r'^export \{[^}]*\}(?: from "[^"]+")?;\n', re.MULTILINE)


def joined(whole: str, read: Callable[[str], str]) -> bytes:
    """Return the content of *whole*, given how to *read* a part by its name."""
    parts = {name: read(name) for name in WHOLES[whole]}
    bodies = [_body(name, parts[name], whole) for name in _in_order(parts)]
    return "\n".join([*_imports(parts, whole), *bodies]).encode()


def _body(name: str, part: str, whole: str) -> str:
    """Return what a part says beside its imports, seen from the place of the whole."""

    def seen(found: "re.Match[str]") -> str:
        return f'import("{_seen_from(whole, place_of(name, found[1]))}")'

    return _DYNAMIC.sub(seen, _PASSED_ON.sub("", IMPORT.sub("", part)))


def _seen_from(whole: str, place: str) -> str:
    """Return how a module beside or below *whole* calls the module at *place*."""
    return f"./{PurePosixPath(place).relative_to(PurePosixPath(whole).parent)}"


def place_of(importer: str, wanted: str) -> str:
    """Return the name of the module that *importer* calls *wanted*, such as ../ui.js."""
    folders: list[str] = []
    for step in (*PurePosixPath(importer).parent.parts, *PurePosixPath(wanted).parts):
        if step == "..":
            folders.pop()
        else:
            folders.append(step)
    return "/".join(folders)


def _in_order(parts: Mapping[str, str]) -> Iterator[str]:
    """Yield each part after all that it imports."""
    done: set[str] = set()

    def visit(name: str) -> Iterator[str]:
        if name in done:
            return
        done.add(name)
        for found in IMPORT.finditer(parts[name]):
            place = place_of(name, found["of"])
            if place in parts:
                yield from visit(place)
        yield name

    for name in parts:
        yield from visit(name)


def _imports(parts: Mapping[str, str], whole: str) -> Iterator[str]:
    """Yield what the whole imports: packages and other modules, each once."""
    wholes: dict[str, str] = {}
    some: dict[str, set[str]] = defaultdict(set)
    for part, content in parts.items():
        for found in IMPORT.finditer(content):
            of = found["of"]
            if of.startswith("."):
                if place_of(part, of) in parts:
                    continue
                of = _seen_from(whole, place_of(part, of))
            if found["whole"]:
                wholes[of] = found["whole"]
            else:
                some[of] |= {name.strip() for name in found["some"].split(",") if name.strip()}
    for package, name in sorted(wholes.items()):
        yield f'import {name} from "{package}";'
    for package, names in sorted(some.items()):
        yield f'import {{ {", ".join(sorted(names))} }} from "{package}";'
