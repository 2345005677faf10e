"""Weights on this machine, put there by its operator: nothing is ever fetched for a task.

Each engine that needs some has a folder of its own below `CELLTALLY_MODELS`. A model is named with
the beginning of the hash of its content, `nuclei@1f2e3d4c5b6a`; as that name is a parameter of the
run, its result says which weights made it, and other weights of the same name are another
parameter.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from shared.config import Settings
from shared.domain.engines import EngineQueue
from shared.domain.errors import InvalidInputError

_HASH_CHARACTERS = 12
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Weights:
    """A model in the folder of an engine: a file, or a folder of files."""

    path: Path
    sha256: str

    @property
    def name(self) -> str:
        """The name in the parameter `model`."""
        return f"{self.path.stem}@{self.sha256[:_HASH_CHARACTERS]}"


def folder_of(engine: str) -> Path:
    """Return where the weights of *engine* lie on this machine."""
    return Settings.from_environment().models_folder / engine


def installed_weights(
    engine: str, patterns: Iterable[str], beside: str | None = None
) -> list[Weights]:
    """Return the models in the folder of *engine* that match one of *patterns*, by name.

    With *beside*, only those that have a file of that suffix beside them, hashed together.
    """
    folder = folder_of(engine)
    found = sorted({path for pattern in patterns for path in folder.glob(pattern)})
    if beside is None:
        return [Weights(path, sha256_of(path)) for path in found]
    pairs = [(path, path.with_suffix(beside)) for path in found]
    return [Weights(path, _of_both(path, other)) for path, other in pairs if other.is_file()]


def weights_named(name: str, among: list[Weights]) -> Weights:
    """Return the model *name*; raise InvalidInputError if it is not here (any more)."""
    for each in among:
        if each.name == name:
            return each
    known = ", ".join(each.name for each in among) or "none"
    raise InvalidInputError(
        f"Parameter model: there are no weights {name!r} on this worker. Installed: {known}.",
        code="invalid_params",
    )


def model_param(found: list[Weights]) -> dict[str, Any]:
    """Return the JSON schema of the parameter `model`; the first is the default."""
    schema: dict[str, Any] = {
        "title": "Model",
        "description": "The weights, with the beginning of their SHA-256.",
        "type": "string",
    }
    names = [each.name for each in found]
    return schema | ({"enum": names, "default": names[0]} if names else {"default": ""})


def availability(
    engine: str, *, packages: dict[str, str], found: list[Weights], wanted: str
) -> tuple[bool, str | None]:
    """Return whether *packages* (module: how to install it) and weights are here, or why not."""
    for module, command in packages.items():
        if not is_installed(module):
            return False, f"the package {module} is not installed here; {command}"
    if not found:
        return False, f"there are no weights in {folder_of(engine)}; put {wanted} there"
    return True, None


def is_installed(module: str) -> bool:
    """Tell whether *module* could be imported; nothing is."""
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):  # A parent is missing, or is a broken module.
        return False


def major_version(distribution: str) -> int | None:
    """Return the first number of an installed version; None when nobody says."""
    try:
        return int(version(distribution).split(".")[0])
    except (PackageNotFoundError, ValueError):
        return None


def chosen_queue() -> EngineQueue:
    """Return the queue of engines that compute where `CELLTALLY_DEVICE` says."""
    on_gpu = Settings.from_environment().device == "cuda"
    return EngineQueue.GPU if on_gpu else EngineQueue.CPU


def sha256_of(path: Path) -> str:
    """Return the hash of a file, or of the names and hashes of all files of a folder."""
    if path.is_file():
        facts = path.stat()
        return _sha256(path, facts.st_mtime_ns, facts.st_size)
    whole = hashlib.sha256()
    for file in sorted(each for each in path.rglob("*") if each.is_file()):
        whole.update(f"{file.relative_to(path)}\0{sha256_of(file)}\n".encode())
    return whole.hexdigest()


def _of_both(one: Path, other: Path) -> str:
    return hashlib.sha256(f"{sha256_of(one)}\n{sha256_of(other)}".encode()).hexdigest()


@lru_cache(maxsize=256)
def _sha256(path: Path, _modified: int, _size: int) -> str:
    """Return the hash of a file; a large one is read once, until it changes."""
    content = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            content.update(chunk)
    return content.hexdigest()


class Declared:
    """The attribute `spec` of an engine whose parameters depend on what lies on this machine."""

    def __init__(self, declare: Callable[[], Any]) -> None:
        self._declare = declare

    def __get__(self, _instance: object, _owner: type | None = None) -> Any:
        return self._declare()
