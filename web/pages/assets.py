"""Style sheets, scripts and fonts: hashed addresses, compressed once, kept for ever."""

import gzip
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType

from flask import Blueprint, Response, abort, request

from web.access import public
from web.pages.joining import WHOLES, joined, place_of, whole_of
from web.pages.messages import LANGUAGES, Message, catalogue, catalogue_of
from web.pages.speaking import speaking
from web.pages.trimming import trimmed

FOLDER = Path(__file__).resolve().parent.parent / "static"
PREFIX = "/assets"
SPRITE = "vendor/icons.svg"

#: Style sheets are written in parts and served as one, in the order of their names.
STYLE_SHEET = "css/app.css"

OURS = "js/"  #: Below it are the modules that we wrote; the others are vendored.

MEDIA_TYPES = MappingProxyType(
    {
        ".css": "text/css; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".mjs": "text/javascript; charset=utf-8",
        ".svg": "image/svg+xml",
        ".woff2": "font/woff2",
    }
)
COMPRESSED = frozenset({".css", ".js", ".mjs", ".svg"})

#: What our modules call the vendored packages.
PACKAGES = MappingProxyType(
    {
        "preact": "vendor/preact.mjs",
        "preact/hooks": "vendor/preact-hooks.mjs",
        "htm": "vendor/htm.mjs",
        "@preact/signals": "vendor/signals.mjs",
        "@preact/signals-core": "vendor/signals-core.mjs",
        # Says nothing, and is one for the pages of every language that a browser has open.
        "uploads/worker": "js/uploads/worker.js",
    }
)

#: A static import; a dynamic one has a parenthesis and is fetched when it is needed. Texts of a
#: page may speak of an export, but not at the beginning of a statement and with "from" behind it.
_IMPORT = re.compile(r'(?:^|[;}\n])\s*(?:import|export)\b(?:[^;()"=]*?\bfrom)?\s*"([^"]+)"')

FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"


@dataclass(frozen=True)
class Asset:
    """One file as it is served."""

    body: bytes
    suffix: str

    @cached_property
    def compressed(self) -> bytes:
        """The body, smaller; made on first use."""
        return gzip.compress(self.body, compresslevel=9, mtime=0)


def _read(folder: Path) -> dict[str, bytes]:
    """Return the files of *folder* that are served, as they are written, by their names."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.suffix in MEDIA_TYPES
    }


def _modules(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return our modules as they are served, and the wholes that some are the parts of."""
    ours = {name: body.decode() for name, body in files.items() if name.startswith(OURS)}
    for whole in WHOLES:
        parts = {name: source for name, source in ours.items() if whole_of(name) == whole}
        if parts:
            ours[whole] = joined(whole, parts)
    return {name: trimmed(source) for name, source in ours.items()}


class Assets:
    """All files of a folder, read once; one hash over all of them is in every address.

    A module of ours is there as it is, and in each language with its messages: that is said beside
    the hash, so that what it imports comes in the same language.
    """

    def __init__(
        self,
        folder: Path = FOLDER,
        catalogues: Mapping[str, Mapping[str, Message]] = MappingProxyType({}),
    ) -> None:
        """Read *folder*; *catalogues* are the messages of each language."""
        files = _read(folder)
        modules = _modules(files)
        sheets = [body for name, body in files.items() if name.startswith("css/")]
        files |= {STYLE_SHEET: b"\n".join(sheets)}
        files |= {name: source.encode() for name, source in modules.items()}
        self._files = {("", name): Asset(body, Path(name).suffix) for name, body in files.items()}
        for language, messages in catalogues.items():
            for name, source in modules.items():
                spoken = speaking(source, messages).encode()
                self._files[language, name] = Asset(spoken, Path(name).suffix)
        self._parts = {name: whole_of(name) for name in modules if whole_of(name) != name}
        self.version = _hash(self._files)

    def get(self, name: str, language: str = "") -> Asset | None:
        """Return the file called *name*, which may say something in a *language*; or None."""
        return self._files.get((language, name)) or self._files.get(("", name))

    def __getitem__(self, name: str) -> Asset:
        return self._files["", name]

    def url(self, name: str, language: str = "") -> str:
        """Return the address of a file; raise KeyError for a name that is not there."""
        if ("", name) not in self._files:
            raise KeyError(name)
        spoken = catalogue_of(language) if language else ""
        edition = f".{spoken}" if spoken and (spoken, name) in self._files else ""
        return f"{PREFIX}/{self.version}{edition}/{name}"

    def import_map(self, language: str) -> dict[str, dict[str, str]]:
        """Return the import map of a page: packages, and from each part to its whole."""
        parts = {
            self.url(part, language): self.url(whole, language)
            for part, whole in self._parts.items()
        }
        return {"imports": self.packages() | parts}

    def packages(self) -> dict[str, str]:
        """Return the addresses of what modules call by a name alone."""
        return {name: self.url(path) for name, path in PACKAGES.items()}

    @cache  # noqa: B019 - there is one instance, and it lives as long as the process.
    def modules_of(self, entry: str, language: str) -> tuple[str, ...]:
        """Return the addresses of all that *entry* imports, to be fetched at once."""
        found: dict[str, None] = {}
        waiting = [entry]
        while waiting:
            for name in self._imports_of(waiting.pop()):
                if name not in found and name != entry:
                    found[name] = None
                    waiting.append(name)
        return tuple(self.url(name, language) for name in found)

    def _imports_of(self, name: str) -> Iterator[str]:
        for wanted in _IMPORT.findall(self[name].body.decode()):
            yield whole_of(PACKAGES.get(wanted) or place_of(name, wanted))


def _hash(files: Mapping[tuple[str, str], Asset]) -> str:
    digest = hashlib.sha256()
    for (language, name), asset in files.items():
        digest.update(f"{language}:{name}:{len(asset.body)}:".encode() + asset.body)
    return digest.hexdigest()[:12]


@cache
def shipped() -> Assets:
    """Return the files that came with this version."""
    return Assets(catalogues={language: catalogue(language) for language in LANGUAGES})


blueprint = Blueprint("assets", __name__, url_prefix=PREFIX)


@blueprint.get("/<edition>/<path:name>")
@public
def serve(edition: str, name: str) -> Response:
    """Answer one file; an address of another version gets ours, not to be kept."""
    assets = shipped()
    version, _, language = edition.partition(".")
    asset = assets.get(name, language)
    if asset is None:
        abort(404)
    takes_gzip = request.accept_encodings.quality("gzip") > 0
    squeezed = asset.suffix in COMPRESSED and takes_gzip
    answer = Response(asset.compressed if squeezed else asset.body)
    answer.headers["Content-Type"] = MEDIA_TYPES[asset.suffix]
    answer.headers["Cache-Control"] = FOR_EVER if version == assets.version else ASK_AGAIN
    answer.headers["Vary"] = "Accept-Encoding"
    if squeezed:
        answer.headers["Content-Encoding"] = "gzip"
    return answer
