"""What this process computes with: versions of everything that may decide a result."""

import platform
from collections.abc import Iterable
from functools import cache
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from pathlib import Path
from typing import Any

import shared
from shared.config import Settings
from shared.database import environments
from shared.database.engine import Database
from shared.domain.provenance import Environment
from worker.engines.registry import GROUP

#: Packages that read, segment or measure; of those that are installed the version is told.
DECIDING = (
    "bioio-czi",
    "bioio-lif",
    "bioio-nd2",
    "imagecodecs",
    "liffile",
    "nd2",
    "numpy",
    "onnxruntime",
    "pillow",
    "pyarrow",
    "pylibczirw",
    "scikit-image",
    "scipy",
    "tifffile",
    "torch",
)

_SHA_LETTERS = 40


@cache
def environment() -> Environment:
    """Return what this process computes with; it does not change while the process lives."""
    return Environment(described(commit=Settings.from_environment().commit))


@cache
def remember_environment(database: Database) -> str:
    """Have the database know what the digest stands for, once a process; return the digest."""
    database.transact(lambda tx: environments.remember(tx.connection, environment()))
    return environment().digest


def described(
    points: Iterable[EntryPoint] | None = None, *, commit: str | None = None
) -> dict[str, Any]:
    """Return the versions: of celltally, of Python and the machine's kind, of all that decides."""
    found = entry_points(group=GROUP) if points is None else points
    plug_ins = {point.dist.name: point.dist.version for point in found if point.dist is not None}
    libraries = {name: known for name in DECIDING if (known := _version_of(name)) is not None}
    return {
        "celltally": {
            "version": shared.__version__,
            "commit": commit or commit_of(Path(shared.__file__).parents[1]),
        },
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "libraries": libraries,
        "plugIns": {name: plug_ins[name] for name in sorted(plug_ins) if name != "celltally"},
    }


def commit_of(folder: Path) -> str | None:
    """Return the commit that is checked out in *folder*; None when it is no repository.

    The files are read: a worker needs no git, and a repository of another user would refuse it.
    """
    try:
        repository = _repository(folder / ".git")
        head = (repository / "HEAD").read_text().strip()
        if not head.startswith("ref: "):
            return _sha(head)
        return _resolved(repository, head.removeprefix("ref: "))
    except (OSError, UnicodeDecodeError):
        return None


def _repository(place: Path) -> Path:
    if place.is_dir():
        return place
    # A second working tree: the file names the folder that it has in the first one's.
    return place.parent / place.read_text().strip().removeprefix("gitdir: ")


def _resolved(repository: Path, name: str) -> str | None:
    common = repository / "commondir"
    folders = [repository]
    if common.exists():
        folders.append(repository / common.read_text().strip())
    for folder in folders:
        if (folder / name).exists():
            return _sha((folder / name).read_text().strip())
        packed = folder / "packed-refs"
        lines = packed.read_text().splitlines() if packed.exists() else []
        for line in lines:
            if line.endswith(f" {name}"):
                return _sha(line.partition(" ")[0])
    return None


def _sha(written: str) -> str | None:
    """Return what was written if it is a commit's name."""
    letters = set(written) <= set("0123456789abcdef")
    return written if letters and len(written) >= _SHA_LETTERS else None


def _version_of(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
