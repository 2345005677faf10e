"""Which engines are installed, and the one that is loaded."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from shared.domain.engines import Engine, EngineSpec
from shared.domain.errors import UnavailableError
from shared.domain.runs import FailureCode
from worker.engines.checked import CheckedEngine

GROUP = "celltally.engines"


@dataclass(frozen=True, slots=True)
class InstalledEngine:
    """An entry point: an engine, or the reason why it is none here."""

    name: str
    spec: EngineSpec | None
    available: bool
    reason: str | None
    load: Callable[[], CheckedEngine]


def discover(points: Iterable[EntryPoint] | None = None) -> list[InstalledEngine]:
    """Return every installed engine by name, those that do not work with their reason."""
    found = entry_points(group=GROUP) if points is None else points
    return [_installed(point) for point in sorted(found, key=lambda point: point.name)]


def find(name: str, points: Iterable[EntryPoint] | None = None) -> InstalledEngine | None:
    """Return the engine *name*, if it is installed; nothing of the others is imported."""
    chosen = entry_points(group=GROUP, name=name) if points is None else points
    return next((_installed(point) for point in chosen if point.name == name), None)


def engine_class(name: str) -> Any:
    """Return the class behind an installed engine; None when it is none or cannot be imported."""
    for point in entry_points(group=GROUP, name=name):
        try:
            return point.load()
        except Exception:  # Why not, `find` says.
            return None
    return None


class WarmEngines:
    """One loaded engine, kept until another is asked for."""

    def __init__(self, find: Callable[[str], InstalledEngine | None] = find) -> None:
        self._find = find
        self._warm: tuple[str, CheckedEngine] | None = None

    def get(self, name: str) -> CheckedEngine:
        """Return the loaded engine *name*; raise UnavailableError if it cannot be had."""
        if self._warm is not None and self._warm[0] == name:
            return self._warm[1]
        chosen = self._find(name)
        if chosen is None:
            raise _unavailable(name, "it is not installed on this worker")
        # The old one goes first: two models may not fit into memory.
        self.close()
        engine = chosen.load()
        self._warm = (name, engine)
        return engine

    def close(self) -> None:
        """Let go of the loaded engine."""
        if self._warm is not None:
            self._warm[1].close()
            self._warm = None


def _installed(point: EntryPoint) -> InstalledEngine:
    spec: EngineSpec | None = None
    try:
        engine_class = point.load()
        spec = EngineSpec.model_validate(engine_class.spec)
        available, reason = _availability(point, engine_class, spec)
    except KeyboardInterrupt:
        raise
    except BaseException as broken:  # Native modules raise what they like.
        available, reason = False, f"{type(broken).__name__}: {broken}"
    if not available:
        return InstalledEngine(point.name, spec, False, reason, _refusing(point.name, reason))
    return InstalledEngine(point.name, spec, True, None, _loading(point.name, engine_class))


def _availability(
    point: EntryPoint, engine_class: Any, spec: EngineSpec
) -> tuple[bool, str | None]:
    """Ask the engine itself, if it knows; weights may be missing, or a device."""
    if spec.name != point.name:
        return False, f"its entry point is called {point.name} and it calls itself {spec.name}"
    ask = getattr(engine_class, "available", None)
    available, reason = (True, None) if ask is None else ask()
    return bool(available), reason


def _loading(name: str, engine_class: Callable[[], Engine]) -> Callable[[], CheckedEngine]:
    def load() -> CheckedEngine:
        try:
            engine = engine_class()
            engine.load("cuda" if engine.spec.queue == "gpu" else "cpu")
        except (MemoryError, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as broken:
            raise _unavailable(name, f"{type(broken).__name__}: {broken}") from broken
        return CheckedEngine(engine)

    return load


def _refusing(name: str, reason: str | None) -> Callable[[], CheckedEngine]:
    def load() -> CheckedEngine:
        raise _unavailable(name, reason or "it says that it is not available")

    return load


def _unavailable(name: str, reason: str) -> UnavailableError:
    return UnavailableError(
        f"The engine {name} is not available: {reason}.", code=FailureCode.ENGINE_UNAVAILABLE
    )
