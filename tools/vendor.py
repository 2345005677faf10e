"""Fetch the browser packages once, so that running needs neither npm nor a CDN.

`python tools/vendor.py` fetches all anew and writes the lock and THIRD_PARTY.md;
with `--check` it hashes what is committed and exits 1 when a byte differs.
"""

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = Path("web/static/vendor")
TESTING = Path("tests/e2e/vendor")
CONTRACTS = Path("tests/contracts/vendor")
LOCK = SHIPPED / "vendor.lock.json"
NOTICE = Path("THIRD_PARTY.md")
SPRITE = SHIPPED / "icons.svg"


@dataclass(frozen=True)
class Package:
    """One package of the npm registry at an exact version, and the files we take of it."""

    name: str
    version: str
    licence: str
    role: str
    files: dict[str, str] = field(default_factory=dict)  #: Path in the package: our name.
    folder: Path = SHIPPED
    licence_file: str = "LICENSE"

    @property
    def slug(self) -> str:
        return self.name.removeprefix("@").replace("/", "-")

    @property
    def licence_path(self) -> Path:
        return self.folder / "licences" / f"{self.slug}.txt"


class LockEntry(TypedDict):
    """What the lock says of one package."""

    name: str
    version: str
    licence: str
    files: dict[str, str]


LUCIDE = Package("lucide-static", "1.62.0", "ISC", "icons")

PACKAGES = (
    Package("preact", "11.2.0", "MIT", "components and hooks",
            {"dist/preact.mjs": "preact.mjs", "hooks/dist/hooks.mjs": "preact-hooks.mjs"}),
    Package("htm", "3.1.1", "Apache-2.0", "templates without a compiler",
            {"dist/htm.mjs": "htm.mjs"}),
    Package("@preact/signals", "2.11.4", "MIT", "state that renders what reads it",
            {"dist/signals.mjs": "signals.mjs"}),
    Package("@preact/signals-core", "1.14.5", "MIT", "the core of the signals",
            {"dist/signals-core.mjs": "signals-core.mjs"}),
    Package("uplot", "1.6.32", "MIT", "charts",
            {"dist/uPlot.iife.min.js": "uplot.js", "dist/uPlot.min.css": "uplot.css"}),
    LUCIDE,
    Package("@fontsource-variable/inter", "5.3.0", "OFL-1.1", "the typeface",
            {"files/inter-latin-wght-normal.woff2": "inter-latin.woff2",
             "files/inter-latin-ext-wght-normal.woff2": "inter-latin-ext.woff2"}),
    Package("tus-js-client", "4.3.1", "MIT", "resumable uploads; fetched with the first file",
            {"dist/tus.min.js": "tus.min.js"}),
    Package("js-base64", "3.7.7", "BSD-3-Clause", "in tus.min.js", licence_file="LICENSE.md"),
    Package("url-parse", "1.5.10", "MIT", "in tus.min.js"),
    Package("querystringify", "2.2.0", "MIT", "in tus.min.js"),
    Package("requires-port", "1.0.0", "MIT", "in tus.min.js"),
    Package("axe-core", "4.14.1", "MPL-2.0", "accessibility checks; in tests only",
            {"axe.min.js": "axe.min.js"}, TESTING),
    Package("@asyncapi/specs", "6.11.1", "Apache-2.0", "the schema of AsyncAPI; in tests only",
            {"schemas/3.0.0-without-$id.json": "asyncapi-3.0.0.json",
             "NOTICE": "licences/asyncapi-specs-notice.txt"}, CONTRACTS),
)  # fmt: skip

#: Icons of the sprite; a page asks for one as `#icon-<name>`.
ICONS = (
    "arrow-down", "arrow-left", "arrow-up", "book-open", "check", "chevron-down", "chevron-left",
    "chevron-right", "circle-alert", "circle-check", "circle-dashed", "circle-plus",
    "circle-slash", "clock", "cpu", "ellipsis", "eye", "eye-off", "folder", "image", "images",
    "info", "keyboard", "layout-dashboard", "layout-grid", "list", "loader-circle", "log-out",
    "maximize", "merge", "microscope", "monitor", "moon", "mouse-pointer-2", "pause", "pencil",
    "play", "plus", "redo-2", "refresh-cw", "rotate-ccw", "scan", "scissors", "search",
    "search-x", "settings", "shapes", "sliders-horizontal", "spline", "sun", "trash-2",
    "trending-down", "trending-up", "triangle-alert", "undo-2", "upload", "user", "users",
    "wifi-off", "x", "zoom-in", "zoom-out",
)  # fmt: skip


def fetch(package: Package, into: Path) -> Path:
    """Download *package* with npm and return the folder that holds its content."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("npm is not installed; it is needed only to vendor anew.")
    packed = subprocess.run(
        [npm, "pack", "--silent", f"{package.name}@{package.version}"],
        cwd=into, check=True, capture_output=True, text=True,
    )  # fmt: skip
    content = into / package.slug
    with tarfile.open(into / packed.stdout.strip()) as archive:
        archive.extractall(content, filter="data")
    return content / "package"


def copy(package: Package, source: Path) -> None:
    """Put the chosen files of *package*, and its licence, at their places."""
    copies = {source / path: package.folder / name for path, name in package.files.items()}
    copies[source / package.licence_file] = package.licence_path
    for origin, place in copies.items():
        (ROOT / place).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / place).write_bytes(origin.read_bytes())


def make_sprite(icons: Path) -> str:
    """Return one SVG with a symbol for each of ICONS."""
    return "\n".join(
        [
            '<svg xmlns="http://www.w3.org/2000/svg" class="sprite" '
            'width="0" height="0" aria-hidden="true">',
            f"<!-- lucide-static {LUCIDE.version}, {LUCIDE.licence} -->",
            *(_symbol(name, (icons / f"{name}.svg").read_text()) for name in ICONS),
            "</svg>",
            "",
        ]
    )


def _symbol(name: str, svg: str) -> str:
    found = re.search(r"<svg[^>]*>(.*)</svg>", svg, flags=re.DOTALL)
    if found is None:
        raise SystemExit(f"lucide-static has no usable icon {name!r}")
    shapes = re.sub(r"\s*\n\s*", "", found[1]).replace(" />", "/>")
    return f'<symbol id="icon-{name}" viewBox="0 0 24 24">{shapes}</symbol>'


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file of the repository, in hexadecimal."""
    return hashlib.sha256((ROOT / path).read_bytes()).hexdigest()


def lock_entry(package: Package) -> LockEntry:
    """Return what the lock keeps of *package*, hashed from the files on disk."""
    places = [package.folder / name for name in package.files.values()]
    if package is LUCIDE:
        places.append(SPRITE)
    places.append(package.licence_path)
    return {
        "name": package.name,
        "version": package.version,
        "licence": package.licence,
        "files": {place.as_posix(): sha256(place) for place in places},
    }


def notice() -> str:
    """Return the text of THIRD_PARTY.md."""
    rows = [
        f"| {p.name} | {p.version} | {p.licence} | {p.role} | [text]({p.licence_path.as_posix()}) |"
        for p in PACKAGES
    ]
    return "\n".join(
        [
            "# Third-party browser code",
            "",
            "These packages are committed unchanged, with their licences, by",
            "`tools/vendor.py`; the icon sprite is generated from lucide-static. The",
            f"hashes stand in `{LOCK.as_posix()}`. Python packages are listed in",
            "`requirements.lock`; each brings its licence.",
            "",
            "| package | version | licence | for | licence text |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def vendor() -> None:
    """Fetch every package and write all that follows from them."""
    with tempfile.TemporaryDirectory() as scratch:
        for package in PACKAGES:
            source = fetch(package, Path(scratch))
            copy(package, source)
            if package is LUCIDE:
                (ROOT / SPRITE).write_text(make_sprite(source / "icons"))
    lock = [lock_entry(package) for package in PACKAGES]
    (ROOT / LOCK).write_text(json.dumps(lock, indent=2) + "\n")
    (ROOT / NOTICE).write_text(notice())


def differences() -> list[str]:
    """Return a line for each vendored file that is not what the lock says."""
    found = []
    for entry in json.loads((ROOT / LOCK).read_text()):
        for place, expected in entry["files"].items():
            if not (ROOT / place).is_file():
                found.append(f"{place} is missing")
            elif sha256(Path(place)) != expected:
                found.append(f"{place} differs from {entry['name']} {entry['version']}")
    return found


def main() -> int:
    """Fetch, or with `--check` only compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare, fetch nothing")
    if not parser.parse_args().check:
        vendor()
    wrong = differences()
    sys.stderr.writelines(f"{line}\n" for line in wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
