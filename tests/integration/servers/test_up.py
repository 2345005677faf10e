"""`celltally up`, from the start to the last process."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from shared.servers.addresses import published_path
from shared.servers.postgresql import PostgreSQLServer
from shared.servers.valkey import ValkeyServer
from shared.supervision.orphans import supervised_processes, vanished

#: Answers 200 to everything, as web and relay do when they are ready.
PAGES = """
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Ready(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass

HTTPServer(("127.0.0.1", int(sys.argv[1])), Ready).serve_forever()
"""


class Home:
    """A home, free ports, and a Procfile of stand-ins for web and relay."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.ports = {name: free_port() for name in ("WEB", "RELAY", "FLOWER")}
        self.procfile = folder / "Procfile"
        (folder / "pages.py").write_text(PAGES)
        pages = f"{sys.executable} {folder}/pages.py"
        self.procfile.write_text(
            f"web: {pages} {self.ports['WEB']}\nrelay: {pages} {self.ports['RELAY']}\n"
        )
        self.started: list[Running] = []

    def celltally(self, *arguments: str, **environment: str) -> list[str]:
        """Run a command to its end; return its exit code and its lines."""
        ended = subprocess.run(
            [sys.executable, "-m", "shared.cli", *arguments],
            check=False,
            env=self._environment(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return [str(ended.returncode), *ended.stdout.splitlines()]

    def up(self) -> "Running":
        """Start `celltally up` and wait until it is ready."""
        process = subprocess.Popen(
            [sys.executable, "-m", "shared.cli", "up", "--procfile", str(self.procfile)],
            env=self._environment({}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        running = Running(process)
        self.started.append(running)
        running.read_until("Ctrl-C stops it.")
        return running

    def published(self) -> dict[str, Any]:
        try:
            content: dict[str, Any] = json.loads(published_path(self.home).read_text())
        except FileNotFoundError:
            return {}
        return content

    def processes(self) -> list[int]:
        """Return every process of this home."""
        servers = [PostgreSQLServer(self.home).program, ValkeyServer(self.home).program]
        found = [pid for server in servers for pid in server.at_work()]
        return found + supervised_processes(self.home)

    def _environment(self, more: dict[str, str]) -> dict[str, str]:
        ours = {name: value for name, value in os.environ.items() if "CELLTALLY" not in name}
        ports = {f"CELLTALLY_{name}_PORT": str(port) for name, port in self.ports.items()}
        return {**ours, "CELLTALLY_HOME": str(self.home), **ports, **more}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """A `celltally up` and what it has shown."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.shown = ""

    def read_until(self, end: str) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.shown += line
            if line.rstrip() == end:
                return
        raise AssertionError(f"it ended before {end!r}: {self.shown}")

    def stop(self, number: signal.Signals) -> None:
        """Send the signal, and wait until it has ended."""
        if self.process.returncode is None:
            self.process.send_signal(number)
            self.shown += self.process.communicate()[0]


@contextmanager
def home_in(folder: Path) -> Iterator[Home]:
    """Lend a home, and see that nothing of it is left running."""
    home = Home(folder)
    yield home
    for running in home.started:
        running.stop(signal.SIGKILL)
    assert vanished(home.processes, within=30)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with home_in(tmp_path) as home:
        yield home


@pytest.fixture(scope="module")
def running_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home whose `celltally up` runs."""
    with home_in(tmp_path_factory.mktemp("running")) as home:
        running = home.up()
        yield home
        running.stop(signal.SIGTERM)


def test_ctrl_c_stops_everything_and_nothing_stays(home: Home) -> None:
    running = home.up()
    assert len(home.processes()) > 4

    running.stop(signal.SIGINT)

    assert running.process.returncode == 0
    assert home.processes() == []
    assert home.published() == {}
    assert running.shown.splitlines()[-1] == "celltally | stopped"


def test_after_a_kill_the_next_one_starts_and_stops_as_if_nothing_had_been(home: Home) -> None:
    home.up().stop(signal.SIGKILL)

    running = home.up()

    assert home.published()["pid"] == running.process.pid
    running.stop(signal.SIGTERM)
    assert running.process.returncode == 0
    assert home.processes() == []


@pytest.mark.xdist_group("celltally up")
def test_when_all_answer_the_addresses_are_written_and_shown(running_home: Home) -> None:
    published, ports = running_home.published(), running_home.ports
    [running] = running_home.started

    assert published["pid"] == running.process.pid
    assert published["web"] == f"http://127.0.0.1:{ports['WEB']}"
    assert published["relay"] == f"ws://127.0.0.1:{ports['RELAY']}/ws"
    assert f"  web     {published['web']}\n  relay   {published['relay']}\n" in running.shown
    password = (running_home.home / "demo_password").read_text()
    assert f"demo@celltally.local, password {password}\n" in running.shown


@pytest.mark.xdist_group("celltally up")
def test_a_second_up_on_the_same_home_is_refused_in_one_line(running_home: Home) -> None:
    [running] = running_home.started

    refused = running_home.celltally("up")

    assert refused == [
        "1",
        f"Error: another celltally up (pid {running.process.pid}) already uses this home: "
        f"{running_home.home}",
    ]


@pytest.mark.xdist_group("celltally up")
def test_the_doctor_shows_what_works_and_the_remedy_for_what_does_not(running_home: Home) -> None:
    code, *lines = running_home.celltally("doctor")

    assert code == "1"
    assert lines[0].startswith("postgresql postgresql://celltally:***@/celltally?host=")
    assert lines[1].startswith("redis unix:///")
    verdicts = {line.split()[1]: line.split()[0] for line in lines[2:]}
    assert verdicts == {
        "home": "ok",
        "PostgreSQL": "ok",
        "Redis": "ok",
        "storage": "ok",
        "workers": "FAILED",
        "engines": "ok",
        "web": "ok",
        "relay": "ok",
        "audit": "ok",
    }
    assert any(line.endswith("start `celltally up` or `celltally worker`") for line in lines)


def test_a_taken_port_is_named_with_the_variable_that_chooses_another(home: Home) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", home.ports["WEB"]))
        other.listen()

        refused = home.celltally("up", "--procfile", str(home.procfile))

    assert refused == [
        "1",
        f"Error: port {home.ports['WEB']} is taken by another program: "
        "set CELLTALLY_WEB_PORT to a free one",
    ]


def test_given_servers_are_used_and_left_running(home: Home) -> None:
    elsewhere = home.home.with_name("elsewhere")
    postgresql = PostgreSQLServer(elsewhere, durable=False)
    valkey = ValkeyServer(elsewhere, durable=False)
    postgresql.start()
    valkey.start()
    home_of_servers = {
        "CELLTALLY_DATABASE_URL": postgresql.url,
        "CELLTALLY_REDIS_URL": valkey.url,
    }
    try:
        assert home.celltally("migrate", **home_of_servers) == ["0"]
        code, *lines = home.celltally("doctor", **home_of_servers)

        assert code == "1"
        assert any(line.startswith("ok      PostgreSQL") for line in lines)
        assert not (home.home / "postgresql").exists()
        assert postgresql.program.alive
    finally:
        valkey.stop()
        postgresql.stop()
