"""How a folder is parted into requests."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from shared.cli import celltally
from shared.commands.upload import TOKEN, batches


def files(folder: Path, sizes: list[int]) -> list[Path]:
    paths = []
    for number, size in enumerate(sizes):
        path = folder / f"{number}.png"
        with path.open("wb") as file:
            file.truncate(size)
        paths.append(path)
    return paths


def test_many_small_files_go_twenty_at_a_time(tmp_path: Path) -> None:
    paths = files(tmp_path, [1] * 45)

    assert [len(some) for some in batches(paths)] == [20, 20, 5]


def test_a_large_file_goes_alone(tmp_path: Path) -> None:
    paths = files(tmp_path, [10, 100_000_000, 10, 10])

    assert list(batches(paths)) == [paths[:1], paths[1:2], paths[2:]]


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
