"""One `celltally up` per home."""

import os
from pathlib import Path

import pytest

from shared.domain.errors import ConflictError
from shared.servers.home_lock import HomeLock


def test_the_second_is_refused_with_the_process_id_of_the_first(tmp_path: Path) -> None:
    with HomeLock(tmp_path), pytest.raises(ConflictError) as refused:
        HomeLock(tmp_path).acquire()

    assert refused.value.detail.startswith(
        f"another celltally up (pid {os.getpid()}) already uses this home"
    )


def test_after_the_first_the_next_may(tmp_path: Path) -> None:
    with HomeLock(tmp_path):
        pass

    with HomeLock(tmp_path) as lock:
        lock.acquire()  # Taking it twice is taking it once.


def test_two_homes_do_not_disturb_each_other(tmp_path: Path) -> None:
    with HomeLock(tmp_path / "a"), HomeLock(tmp_path / "b"):
        assert (tmp_path / "a" / "lock").exists()
