"""PostgreSQL for root on systems that refuse user namespaces."""

import os
import pwd
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from shared.servers.confinement import Confinement, as_plain_account
from shared.servers.postgresql import PostgreSQLServer
from shared.supervision.spawning import Account

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root needs the detour")


@pytest.fixture
def confine() -> Iterator[Callable[[Path], Confinement]]:
    """Confine to an account that every system has, in a folder that it can reach."""
    nobody = pwd.getpwnam("nobody")
    system_folder = Path(tempfile.mkdtemp(prefix="celltally-system-", dir="/var/tmp"))
    system_folder.chmod(0o755)
    yield lambda home: as_plain_account(
        home, system_folder=system_folder, account=Account(nobody.pw_uid, nobody.pw_gid)
    )
    shutil.rmtree(system_folder)


def test_it_runs_as_a_plain_account_on_a_home_that_this_account_cannot_enter(
    tmp_path: Path, confine: Callable[[Path], Confinement]
) -> None:
    for _ in range(2):  # The second start finds copies and link in their places.
        server = PostgreSQLServer(tmp_path, durable=False, confine=confine)
        server.start()
        try:
            with psycopg.connect(server.url) as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)
            owner = Path(f"/proc/{server.program.pid}").stat().st_uid
            assert owner == pwd.getpwnam("nobody").pw_uid
        finally:
            server.stop()

    assert (tmp_path / "postgresql").is_symlink()
    assert server.program.at_work() == []


def test_data_made_before_moves_along(
    tmp_path: Path, confine: Callable[[Path], Confinement]
) -> None:
    before = PostgreSQLServer(tmp_path, durable=False)
    before.start()
    with psycopg.connect(before.url) as connection:
        connection.execute("CREATE TABLE words AS SELECT 'cells' AS word")
    before.stop()

    after = PostgreSQLServer(tmp_path, durable=False, confine=confine)
    after.start()

    try:
        with psycopg.connect(after.url) as connection:
            assert connection.execute("SELECT word FROM words").fetchone() == ("cells",)
    finally:
        after.stop()
