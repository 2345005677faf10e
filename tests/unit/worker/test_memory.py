"""How much memory a child may take."""

import subprocess
import sys
from pathlib import Path

import pytest

from shared.config import Settings
from worker.memory import LEAST_MB, MB, available_bytes, budget_of

#: Limits itself as a child does, then takes more than that.
GREEDY = """
from pathlib import Path
from worker.memory import be_first_to_go, limit_memory

be_first_to_go()
limit_memory(64 << 20)
kept = bytearray(16 << 20)
try:
    bytearray(256 << 20)
except MemoryError:
    print("refused", Path("/proc/self/oom_score_adj").read_text().strip())
"""


def test_a_child_that_takes_more_gets_an_error() -> None:
    """Q8: and the kernel ends it before anybody else."""
    found = subprocess.run(
        [sys.executable, "-c", GREEDY], capture_output=True, text=True, check=True
    )

    assert found.stdout.split() == ["refused", "1000"]


def test_an_operator_may_say_how_much() -> None:
    assert budget_of(Settings(worker_memory_mb=3000), children=8) == 3000 * MB


def test_else_the_children_share_most_of_the_machine() -> None:
    alone, among_many = budget_of(Settings(), children=1), budget_of(Settings(), children=10_000)

    assert alone == max(int(0.8 * available_bytes()), LEAST_MB * MB)
    assert among_many == LEAST_MB * MB


@pytest.mark.parametrize("name", ["memory.max", "memory/memory.limit_in_bytes"])
def test_a_container_has_what_it_was_given(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(f"{5 * MB}\n")

    assert available_bytes(tmp_path) == 5 * MB


def test_a_container_without_a_limit_has_the_machine(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("max\n")

    assert available_bytes(tmp_path) == available_bytes(tmp_path / "none") > MB
