"""Data and servers of other versions."""

from pathlib import Path

import pytest

from shared.domain.errors import ConfigurationError
from shared.servers.versions import require_at_least, require_same_major


def test_the_version_is_written_once_and_agrees_from_then_on(tmp_path: Path) -> None:
    written = tmp_path / "VERSION"

    for _ in range(2):
        require_same_major(written, server="Valkey", major="9", remedy="remove it")

    assert written.read_text() == "9\n"


def test_data_of_another_version_is_refused_with_the_way_out(tmp_path: Path) -> None:
    written = tmp_path / "PG_VERSION"
    written.write_text("17\n")

    with pytest.raises(ConfigurationError, match="PostgreSQL 17, this is PostgreSQL 18: save it"):
        require_same_major(written, server="PostgreSQL", major="18", remedy="save it")


def test_an_old_server_is_refused_and_a_new_one_is_not() -> None:
    require_at_least((15, 0), least=(15,), server="PostgreSQL")
    require_at_least((6, 2, 0), least=(6, 2), server="Redis")

    with pytest.raises(ConfigurationError, match=r"Redis 6\.0\.9 is too old: .* 6\.2 or newer"):
        require_at_least((6, 0, 9), least=(6, 2), server="Redis")
