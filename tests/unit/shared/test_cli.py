"""The command line."""

import sys
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from shared.cli import COMMANDS, celltally
from shared.supervision.procfile import read_procfile


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELLTALLY_HOME", str(tmp_path))
    monkeypatch.delenv("CELLTALLY_DATABASE_URL", raising=False)
    monkeypatch.delenv("CELLTALLY_REDIS_URL", raising=False)


def test_every_command_is_where_the_list_says_under_its_name() -> None:
    for name, (place, _) in COMMANDS.items():
        module, _, attribute = place.partition(":")

        command = getattr(import_module(module), attribute)

        assert isinstance(command, click.Command)
        assert command.name == name


def test_every_line_of_the_procfile_is_a_command() -> None:
    entries = read_procfile(Path(sys.modules["shared"].__path__[0]).parent / "Procfile")

    assert {entry.command[1] for entry in entries} <= set(COMMANDS)


def test_the_help_names_every_command() -> None:
    shown = CliRunner().invoke(celltally, ["--help"])

    assert shown.exit_code == 0
    assert all(f"  {name} " in shown.output for name in COMMANDS)


def test_a_refusal_is_one_line_and_exit_code_1() -> None:
    shown = CliRunner().invoke(celltally, ["worker"])

    assert shown.exit_code == 1
    assert shown.stderr == (
        "Error: start `celltally up`, or set CELLTALLY_DATABASE_URL and CELLTALLY_REDIS_URL\n"
    )


def test_a_bad_setting_is_one_line_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CELLTALLY_WEB_PORT", "eighty")

    shown = CliRunner().invoke(celltally, ["up"])

    assert shown.exit_code == 1
    assert shown.stderr.startswith("Error: CELLTALLY_WEB_PORT: ")
    assert shown.stderr.count("\n") == 1


def test_what_listens_on_a_port_cannot_be_scaled() -> None:
    shown = CliRunner().invoke(celltally, ["up", "--scale", "web=2"])

    assert shown.exit_code == 1
    assert "web listens on a port" in shown.stderr
