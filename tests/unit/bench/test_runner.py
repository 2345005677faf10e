"""Which benchmarks run, and what is kept of them."""

import json
from pathlib import Path

import pytest

from bench.goals import GOALS
from bench.measurement import Measurement
from bench.runner import chosen, modules_by_figure, write_results
from shared.domain.errors import InvalidInputError

FIGURES = {
    "pipeline.throughput": "pipeline_throughput",
    "pipeline.throughput.same_work": "pipeline_throughput",
    "stats.read_1e6": "stats_cost",
}


def test_without_a_name_all_are_measured() -> None:
    assert chosen(FIGURES, []) == list(FIGURES)


def test_a_name_is_that_figure_alone() -> None:
    assert chosen(FIGURES, ["pipeline.throughput"]) == ["pipeline.throughput"]


def test_the_part_before_a_dot_names_a_group() -> None:
    assert chosen(FIGURES, ["pipeline"]) == list(FIGURES)[:2]


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidInputError, match=r"'speed'.*stats\.read_1e6"):
        chosen(FIGURES, ["speed"])


def test_every_goal_is_measured_by_a_module() -> None:
    assert set(GOALS) <= set(modules_by_figure())


def test_the_results_are_a_list_of_this_runs_figures(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text("an earlier run")

    write_results([Measurement("stats.read_1e6", 0.5, "ms", "GROUP BY", 200.0)], path)

    [row] = json.loads(path.read_text())
    assert row["name"] == "stats.read_1e6"
    assert (row["goal"], row["met"]) == ("value <= 2", True)
