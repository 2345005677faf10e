"""Where sockets lie."""

import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.domain.errors import ConfigurationError
from shared.servers.places import (
    LONGEST_SOCKET_PATH,
    POSTGRESQL_SOCKET,
    make_private_folder,
    socket_folder,
)


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # Short, unlike tmp_path.
        monkeypatch.setattr("tempfile.tempdir", folder)
        yield Path(folder)


def test_a_short_home_keeps_its_sockets(tmp_path: Path) -> None:
    home = make_private_folder(tmp_path / "h")

    assert socket_folder(home) == home / "run"


def test_a_path_past_the_kernels_limit_moves_them_to_a_private_folder(
    tmp_path: Path, temporary: Path
) -> None:
    rest = LONGEST_SOCKET_PATH - len(f"{tmp_path}//run/{POSTGRESQL_SOCKET}")
    longest = make_private_folder(tmp_path / ("x" * rest))
    too_long = make_private_folder(tmp_path / ("x" * (rest + 1)))

    assert socket_folder(longest) == longest / "run"
    folder = socket_folder(too_long)

    assert folder.parent == temporary
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert socket_folder(too_long) == folder


def test_characters_that_need_quoting_move_them_too(tmp_path: Path, temporary: Path) -> None:
    home = make_private_folder(tmp_path / "of the lab, 100%")

    assert socket_folder(home).parent == temporary


def test_a_temporary_folder_that_is_as_deep_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(make_private_folder(tmp_path / ("x" * 99))))

    folder = socket_folder(make_private_folder(tmp_path / ("y" * 99)))

    assert folder.parent == Path("/tmp")
    folder.rmdir()


def test_two_homes_never_share_a_folder(tmp_path: Path, temporary: Path) -> None:
    assert socket_folder(tmp_path / "a b") != socket_folder(tmp_path / "a c")


def test_a_folder_that_is_open_to_others_is_refused(tmp_path: Path, temporary: Path) -> None:
    home = tmp_path / "a b"
    socket_folder(home).chmod(0o755)

    with pytest.raises(ConfigurationError, match="open to others"):
        socket_folder(home)


def test_a_link_in_the_place_of_the_folder_is_refused(tmp_path: Path, temporary: Path) -> None:
    home = tmp_path / "a b"
    folder = socket_folder(home)
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(ConfigurationError, match="belongs to somebody else"):
        socket_folder(home)


def test_a_home_that_cannot_be_made_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ConfigurationError, match="set CELLTALLY_HOME"):
        make_private_folder(tmp_path / "file" / "home")
