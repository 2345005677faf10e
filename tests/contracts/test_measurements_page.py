"""docs/measurements.md tells every column: its unit, its formula and whose it is (E4)."""

from pathlib import Path

import pytest

from shared.domain.measurements import (
    DISTRIBUTED,
    IMAGE_COLUMNS,
    OBJECT_COLUMNS,
    STATISTICS,
    Column,
)
from shared.domain.quality import TITLES, Flag

PAGE = (Path(__file__).parents[2] / "docs" / "measurements.md").read_text()
ROWS = {line.split("`")[1]: line for line in PAGE.splitlines() if line.startswith("| `")}

DISTRIBUTION = {name + ending for name in DISTRIBUTED for ending in STATISTICS}
TOLD_ONE_BY_ONE = [c for c in (*OBJECT_COLUMNS, *IMAGE_COLUMNS) if c.name not in DISTRIBUTION]


@pytest.mark.parametrize("column", TOLD_ONE_BY_ONE, ids=lambda column: column.name)
def test_a_column_has_its_row_with_unit_formula_and_source(column: Column) -> None:
    row = ROWS[column.name]

    names, title, unit, formula, source = row.strip("| ").split(" | ")
    physical = column.physical
    assert names == f"`{column.name}`" + (f", `{physical.name}`" if physical else "")
    assert title == column.title
    assert unit == (column.unit or "-") + (f", {physical.unit}" if physical else "")
    assert (formula, source) == (column.description, column.source)


@pytest.mark.parametrize("ending", STATISTICS)
def test_an_ending_of_a_distribution_has_its_row(ending: str) -> None:
    assert STATISTICS[ending][1] in ROWS[ending]


def test_what_is_distributed_is_listed() -> None:
    chapter = PAGE.partition("### Distributions")[2].partition("\n## ")[0]

    assert [name for name in DISTRIBUTED if f"`{name}`" not in chapter] == []


@pytest.mark.parametrize("flag", Flag)
def test_a_flag_has_its_row_under_its_title(flag: Flag) -> None:
    assert ROWS[flag].startswith(f"| `{flag}` | {TITLES[flag]} | ")
