"""`celltally upload`, before it asks the server for anything."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from shared.cli import celltally
from shared.commands.account import TOKEN


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".hidden").touch()

    shown = CliRunner().invoke(celltally, ["upload", str(tmp_path), "--project", "Cells"])

    assert shown.exit_code == 1
    assert "has no files" in shown.stderr


def test_without_a_token_the_remedy_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(TOKEN, raising=False)
    (tmp_path / "cells.png").touch()

    shown = CliRunner().invoke(celltally, ["upload", str(tmp_path), "--project", "Cells"])

    assert shown.exit_code == 1
    assert "celltally token create" in shown.stderr
