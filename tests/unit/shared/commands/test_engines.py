"""`celltally engines`."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from shared.cli import celltally


def test_every_installed_engine_has_a_line() -> None:
    shown = CliRunner().invoke(celltally, ["engines"])

    lines = shown.output.splitlines()
    assert shown.exit_code == 0
    assert lines[0].split() == ["engine", "version", "for", "licence", "title"]
    assert [line.split()[0] for line in lines[1:]] == ["classical", "spheroid"]


def test_a_plug_in_that_cannot_be_loaded_is_listed_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distribution = tmp_path / "broken-1.dist-info"
    distribution.mkdir()
    (distribution / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1\n")
    points = "[celltally.engines]\nbroken = no_such_module_here:Engine\n"
    (distribution / "entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(tmp_path)

    shown = CliRunner().invoke(celltally, ["engines"])

    [line] = [line for line in shown.output.splitlines() if line.startswith("broken ")]
    assert "not available: ModuleNotFoundError: No module named 'no_such_module_here'" in line
