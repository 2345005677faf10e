"""Run benchmarks one after the other, print a line for each figure, keep all in one file."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

from bench.goals import GOALS
from bench.measurement import Measurement
from bench.rounds import Scale
from shared.domain.errors import InvalidInputError

RESULTS = Path(__file__).with_name("results.json")

#: The modules; each has NAMES, the figures it measures, and `run`.
MODULES = (
    "pipeline_cpu",
    "pipeline_throughput",
    "stats_cost",
    "write_contention",
    "dispatch_query",
    "fairness",
    "stats_events",
    "stats_staleness",
    "relay_deliveries",
    "relay_crowded",
    "relay_handshakes",
    "relay_stalled",
    "relay_rounds",
    "relay_live",
    "relay_revoking",
    "measuring",
    "segment_speed",
    "export_objects",
    "upload_speed",
    "viewer",
)


def modules_by_figure() -> dict[str, str]:
    """Return the module that measures each figure."""
    found = ((module, import_module(f"bench.{module}").NAMES) for module in MODULES)
    return {name: module for module, names in found for name in names}


def chosen(figures: Mapping[str, str], only: Sequence[str]) -> list[str]:
    """Return the figures to measure, all by default; `stats` names all that begin with `stats.`."""
    wanted: set[str] = set()
    for word in only:
        group = {name for name in figures if name.startswith(f"{word}.")}
        found = {word} if word in figures else group
        if not found:
            raise InvalidInputError(f"no benchmark is called {word!r}: {', '.join(figures)}")
        wanted |= found
    return [name for name in figures if name in wanted or not only]


def measure(names: Sequence[str], scale: Scale) -> Iterator[Measurement]:
    """Yield the figures *names*, each module in a fresh process.

    So none finds imports, settings or connections of another.
    """
    figures = modules_by_figure()
    for module in dict.fromkeys(figures[name] for name in names):
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            measured = pool.submit(run_module, module, scale).result()
        yield from (one for one in measured if one.name in names)


def run_module(module: str, scale: Scale) -> list[Measurement]:
    """Return all figures of a module."""
    run: Callable[[Scale], Iterator[Measurement]] = import_module(f"bench.{module}").run
    return list(run(scale))


def write_results(measured: Sequence[Measurement], path: Path = RESULTS) -> None:
    """Write the figures of this run; those of earlier ones are not mixed in."""
    rows = [one.to_json(GOALS.get(one.name)) for one in measured]
    path.write_text(json.dumps(rows, indent=2) + "\n")
