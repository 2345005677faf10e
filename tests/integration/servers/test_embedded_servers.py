"""The embedded PostgreSQL and Valkey, started, killed and started again."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from redis import Redis

from shared.domain.errors import ConfigurationError, ConflictError, UnavailableError
from shared.servers.addresses import masked
from shared.servers.binaries import valkey_server
from shared.servers.embedded import EmbeddedServers
from shared.servers.given import check_given
from shared.servers.places import make_private_folder
from shared.servers.postgresql import PostgreSQLServer
from shared.servers.valkey import ValkeyServer
from shared.supervision.orphans import vanished

#: Starts the servers of a home, says so, and waits to be killed.
PREDECESSOR = """
import sys, time
from pathlib import Path
from shared.servers.embedded import EmbeddedServers

with EmbeddedServers(Path(sys.argv[1]), durable=False):
    print("up", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "home"
    yield folder
    assert not at_work(folder), "a test left servers running"


def at_work(home: Path) -> list[int]:
    """Return the processes of both servers at work in *home*."""
    return PostgreSQLServer(home).program.at_work() + ValkeyServer(home).program.at_work()


def servers_of(home: Path) -> EmbeddedServers:
    return EmbeddedServers(home, durable=False)


def remember(servers: EmbeddedServers, word: str) -> None:
    with psycopg.connect(servers.urls.database) as connection:
        connection.execute("CREATE TABLE words (word text)")
        connection.execute("INSERT INTO words VALUES (%s)", [word])


def remembered(servers: EmbeddedServers) -> str:
    with psycopg.connect(servers.urls.database) as connection:
        row = connection.execute("SELECT word FROM words").fetchone()
    assert row is not None
    return str(row[0])


def test_both_answer_and_stopping_leaves_no_process(home: Path) -> None:
    with servers_of(home) as servers:
        remember(servers, "cells")

        assert remembered(servers) == "cells"
        with Redis.from_url(servers.urls.redis) as client:
            assert client.ping()
        assert len(at_work(home)) > 2

    assert at_work(home) == []


def test_what_was_written_is_there_after_the_next_start(home: Path) -> None:
    with EmbeddedServers(home) as servers:
        remember(servers, "cells")
        with Redis.from_url(servers.urls.redis) as client:
            client.set("word", "nuclei")

    with EmbeddedServers(home) as servers:
        assert remembered(servers) == "cells"
        with Redis.from_url(servers.urls.redis, decode_responses=True) as client:
            assert client.get("word") == "nuclei"


def test_a_queue_must_never_forget_and_its_log_is_flushed_each_second(home: Path) -> None:
    with EmbeddedServers(home) as servers, Redis.from_url(servers.urls.redis) as client:
        client_settings = {
            name: client.config_get(name)[name]
            for name in ("appendonly", "appendfsync", "maxmemory-policy", "port")
        }
        with psycopg.connect(servers.urls.database) as connection:
            names = ("fsync", "synchronous_commit", "max_connections", "listen_addresses")
            postgresql = {name: connection.execute(f"SHOW {name}").fetchone() for name in names}

    assert client_settings == {
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
        "port": "0",
    }
    assert postgresql == {
        "fsync": ("on",),
        "synchronous_commit": ("on",),
        "max_connections": ("100",),
        "listen_addresses": ("",),
    }


def test_nobody_comes_in_without_the_password(home: Path) -> None:
    with servers_of(home) as servers:
        with pytest.raises(psycopg.OperationalError, match="no password supplied"):
            psycopg.connect(host=str(home / "run"), user="celltally", dbname="celltally")
        assert masked(servers.urls.database).startswith("postgresql://celltally:***@/celltally")

    secrets = list(home.glob("password_of_*"))
    assert len(secrets) == 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}


def test_the_role_of_the_application_is_no_administrator(home: Path) -> None:
    with servers_of(home) as servers, psycopg.connect(servers.urls.database) as connection:
        row = connection.execute(
            "SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user"
        ).fetchone()

    assert row == (False, False)


def test_a_second_start_on_the_same_home_is_refused_in_one_line(home: Path) -> None:
    with servers_of(home) as first:
        with pytest.raises(ConflictError) as refused:
            servers_of(home).start()

        assert remembered_lines(refused.value.detail) == [
            f"another celltally up (pid {os.getpid()}) already uses this home: {home}"
        ]
        remember(first, "still here")


def remembered_lines(text: str) -> list[str]:
    return text.splitlines()


def test_a_stale_pid_file_that_names_a_living_process_is_no_obstacle(home: Path) -> None:
    with servers_of(home) as servers:
        remember(servers, "cells")
    pid_file = home / "postgresql" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{home}/postgresql\n1\n5432\n{home}/run\n")

    with servers_of(home) as servers:
        assert remembered(servers) == "cells"


def test_the_data_of_a_killed_predecessor_is_used_again_at_once(home: Path) -> None:
    with servers_of(home) as servers:
        remember(servers, "cells")
    predecessor = started(home)
    predecessor.kill()
    predecessor.wait()

    with servers_of(home) as servers:
        assert remembered(servers) == "cells"


def test_the_servers_of_a_killed_predecessor_stop_by_themselves(home: Path) -> None:
    predecessor = started(home)

    predecessor.kill()
    predecessor.wait()

    assert vanished(lambda: at_work(home), within=30)


def test_a_predecessor_and_its_postgresql_killed_together_are_survived(home: Path) -> None:
    with servers_of(home) as servers:
        remember(servers, "cells")
    predecessor = started(home)
    postmaster = int((home / "postgresql" / "postmaster.pid").read_text().split()[0])
    predecessor.kill()
    os.kill(postmaster, signal.SIGKILL)
    predecessor.wait()

    with servers_of(home) as servers:
        assert remembered(servers) == "cells"


def started(home: Path) -> "subprocess.Popen[str]":
    """Start the servers of *home* in a process that can be killed."""
    predecessor = subprocess.Popen(
        [sys.executable, "-c", PREDECESSOR, str(home)], stdout=subprocess.PIPE, text=True
    )
    assert predecessor.stdout is not None
    assert predecessor.stdout.readline() == "up\n"
    predecessor.stdout.close()
    return predecessor


def test_an_own_orphan_is_stopped_not_adopted(home: Path) -> None:
    data = make_private_folder(home / "valkey")
    orphan = subprocess.Popen(
        [str(valkey_server()), "--port", "0", "--unixsocket", str(data / "orphan.sock")],
        cwd=data,
        stdout=subprocess.DEVNULL,
    )
    server = ValkeyServer(home, durable=False)
    while orphan.pid not in server.program.at_work():
        assert orphan.poll() is None

    server.start()

    try:
        assert orphan.poll() is not None
        assert server.program.at_work() == [server.program.pid]
    finally:
        server.stop()


def test_a_server_that_died_is_started_again_and_said_so(home: Path) -> None:
    said: list[str] = []
    with servers_of(home) as servers:
        remember(servers, "cells")
        servers.revive(said.append)
        postgresql, valkey = servers.pids
        assert postgresql is not None
        assert valkey is not None
        for pid in (postgresql, valkey):
            os.kill(pid, signal.SIGKILL)
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)

        servers.revive(said.append)

        assert remembered(servers) == "cells"
        with Redis.from_url(servers.urls.redis) as client:
            assert client.ping()
    assert [line.split(" exited")[0] for line in said] == ["PostgreSQL", "Valkey"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs the detour")
def test_root_may_keep_a_home_where_no_plain_user_can_enter(tmp_path: Path) -> None:
    closed = make_private_folder(tmp_path / "closed")

    with servers_of(closed / "home") as servers:
        remember(servers, "cells")

    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert at_work(closed / "home") == []


def test_a_home_with_a_long_name_works(tmp_path: Path) -> None:
    home = tmp_path / ("x" * 100) / "of the lab, 100%" / "home"

    with servers_of(home) as servers:
        remember(servers, "cells")
        folder = ValkeyServer(home).url.removeprefix("unix://").partition("/valkey.sock")[0]

    assert at_work(home) == []
    assert Path(folder).name.startswith("celltally-")
    Path(folder).rmdir()


def test_data_of_another_postgresql_is_refused_and_nothing_stays_running(home: Path) -> None:
    with servers_of(home):
        pass
    (home / "postgresql" / "PG_VERSION").write_text("17\n")

    with pytest.raises(ConfigurationError, match="written by PostgreSQL 17, this is PostgreSQL 18"):
        servers_of(home).start()

    assert at_work(home) == []


def test_a_server_that_cannot_start_shows_the_end_of_its_log(home: Path) -> None:
    with servers_of(home):
        pass
    (home / "postgresql" / "postgresql.conf").write_text("no_such_setting = 1\n")

    with pytest.raises(UnavailableError, match="no_such_setting"):
        servers_of(home).start()

    assert at_work(home) == []


def test_a_lost_password_file_is_named(home: Path) -> None:
    with servers_of(home):
        pass
    (home / "password_of_postgres").unlink()

    with pytest.raises(ConfigurationError, match="password_of_postgres is not the password"):
        servers_of(home).start()


def test_an_interrupted_first_start_leaves_nothing_half_made(home: Path) -> None:
    make_private_folder(home / "postgresql.new")
    (home / "postgresql.new" / "PG_VERSION").write_text("18\n")

    with servers_of(home) as servers:
        remember(servers, "cells")


def test_given_servers_are_checked_and_shown_without_secrets(home: Path) -> None:
    with servers_of(home) as servers:
        line = check_given(servers.urls)

    assert line.startswith("using PostgreSQL 18.")
    assert "celltally:***@" in line


def test_given_servers_that_are_away_are_named(home: Path) -> None:
    with servers_of(home) as servers:
        urls = servers.urls

    with pytest.raises(UnavailableError, match=r"PostgreSQL at .*:\*\*\*@.* does not answer"):
        check_given(urls)
