"""`celltally up`: everything in the foreground."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

from shared.commands.demo_account import DEMO_EMAIL, demo_password
from shared.commands.processes import FLOWER_USER, flower_password
from shared.config import Settings
from shared.domain.errors import ConfigurationError, UnavailableError
from shared.servers.addresses import ServerUrls, publish, withdraw
from shared.servers.embedded import EmbeddedServers
from shared.servers.given import check_given
from shared.servers.home_lock import HomeLock
from shared.supervision.orphans import end_supervised_processes, marked
from shared.supervision.output import LinePrinter
from shared.supervision.ports import LOCAL, refuse_taken_ports
from shared.supervision.procfile import Entry, chosen, parse_scale, read_procfile
from shared.supervision.readiness import ReadinessWatch
from shared.supervision.signals import StopSignals
from shared.supervision.spawning import Surroundings, signal_group, spawn
from shared.supervision.supervisor import Supervisor, labels_of

_PROCFILE = Path(__file__).parents[2] / "Procfile"
_READY_PATHS = {"web": "/readyz", "relay": "/healthz"}


@click.command()
@click.argument("names", nargs=-1)
@click.option("--scale", multiple=True, metavar="NAME=COUNT", help="Such as worker=2.")
@click.option("--procfile", type=click.Path(path_type=Path), default=_PROCFILE)
@click.option("--demo-account/--no-demo-account", default=True, help="Make it if it is missing.")
def up(
    names: tuple[str, ...], scale: tuple[str, ...], procfile: Path, *, demo_account: bool
) -> None:
    """Start everything of the Procfile, or only NAMES of it, in the foreground.

    PostgreSQL and Valkey are started too, unless CELLTALLY_DATABASE_URL and
    CELLTALLY_REDIS_URL name others. Ctrl-C stops all, pressed twice at once.
    """
    settings = Settings.from_environment()
    entries = chosen(read_procfile(procfile), names, scale=parse_scale(scale))
    system = System(settings, entries, demo_account=demo_account)
    with StopSignals() as signals, HomeLock(settings.absolute_home) as lock:
        try:
            system.run(signals, lock)
        except KeyboardInterrupt:  # During the start: what had been started is stopped already.
            system.printer.own("stopped before it was ready")


class System:
    """One life of `celltally up`."""

    def __init__(self, settings: Settings, entries: list[Entry], *, demo_account: bool) -> None:
        self.printer = LinePrinter([label for entry in entries for label in labels_of(entry)])
        self._settings = settings
        self._home = settings.absolute_home
        self._entries = entries
        self._demo_account = demo_account
        self._names = {entry.name for entry in entries}

    def run(self, signals: StopSignals, lock: HomeLock) -> None:
        """Start everything, watch it until a signal comes, stop it."""
        if left := end_supervised_processes(self._home, grace=10):
            self.printer.own(f"ended {left} processes that an earlier celltally up had left")
        withdraw(self._home)  # What a killed one wrote.
        self._refuse_taken_ports()
        with self._servers(lock) as (urls, revive):
            publish(self._home, urls)
            try:
                self._migrate()
                self._supervise(signals, urls, revive)
            finally:
                withdraw(self._home)
                end_supervised_processes(self._home, grace=1)
                signals.ignore()  # The servers stop within a second, and must.
        self.printer.own("stopped")

    @contextmanager
    def _servers(self, lock: HomeLock) -> Iterator[tuple[ServerUrls, Callable[[], None]]]:
        database, redis = self._settings.database_url, self._settings.redis_url
        if database is not None and redis is not None:
            given = ServerUrls(database, redis)
            self.printer.own(check_given(given))
            yield given, lambda: None
            return
        self.printer.own(f"starting PostgreSQL and Valkey in {self._home}")
        with EmbeddedServers(self._home, lock=lock) as servers:
            yield servers.urls, lambda: servers.revive(self.printer.own)

    def _supervise(
        self, signals: StopSignals, urls: ServerUrls, revive: Callable[[], None]
    ) -> None:
        supervisor = Supervisor(
            self._entries, environment=self._environment(), printer=self.printer, on_tick=revive
        )
        watch = ReadinessWatch(
            {
                port: _READY_PATHS[name]
                for name, port in self._ports().items()
                if name in _READY_PATHS
            },
            when_ready=lambda: self._announce(urls),
            tell=self.printer.own,
        )
        signals.answer = supervisor.request_stop
        watch.start()
        try:
            supervisor.run()
        finally:
            watch.give_up()

    def _announce(self, urls: ServerUrls) -> None:
        pages = self._pages()
        publish(self._home, urls, pages=pages)
        lines = ["", "celltally is ready", *(f"  {name:<8}{url}" for name, url in pages.items())]
        if "flower" in pages:
            lines[-1] += f"  user {FLOWER_USER}, password {flower_password(self._settings)}"
        if self._demo_account and (password := demo_password(self._settings)):
            lines.append(f"  demo    {DEMO_EMAIL}, password {password}")
        self.printer.block("\n".join([*lines, "Ctrl-C stops it.", ""]))

    def _pages(self) -> dict[str, str]:
        settings = self._settings
        pages = {
            "web": settings.web_address,
            "relay": settings.relay_url or f"ws://{LOCAL}:{settings.relay_port}/ws",
            "flower": f"http://{LOCAL}:{settings.flower_port}",
        }
        return {name: url for name, url in pages.items() if name in self._names}

    def _ports(self) -> dict[str, int]:
        settings = self._settings
        ports = {
            "web": settings.web_port,
            "relay": settings.relay_port,
            "flower": settings.flower_port,
        }
        return {name: port for name, port in ports.items() if name in self._names}

    def _refuse_taken_ports(self) -> None:
        ports = self._ports()
        for entry in self._entries:
            if entry.name in ports and entry.count > 1:
                raise ConfigurationError(
                    f"--scale: {entry.name} listens on a port, so only one can run here; start "
                    f"another with `CELLTALLY_{entry.name.upper()}_PORT=… celltally {entry.name}`"
                )
        refuse_taken_ports({f"CELLTALLY_{n.upper()}_PORT": port for n, port in ports.items()})

    def _migrate(self) -> None:
        """Migrate in a process of its own, so that this one stays small."""
        options = ["--demo-account"] if self._demo_account else []
        command = [sys.executable, "-m", "shared.cli", "migrate", *options]
        run_to_its_end(command, self._environment())

    def _environment(self) -> dict[str, str]:
        programs = Path(sys.executable).parent  # Where `celltally` lies, whatever PATH says.
        return {
            **os.environ,
            **marked(self._home),
            "CELLTALLY_HOME": str(self._home),
            "PATH": os.pathsep.join([str(programs), os.environ.get("PATH", os.defpath)]),
            "PYTHONUNBUFFERED": "1",  # Lines are to be seen when they are written.
        }


def run_to_its_end(command: list[str], environment: Mapping[str, str]) -> None:
    """Run *command*; refuse with its last lines when it fails."""
    running = spawn(
        command,
        death_signal=signal.SIGTERM,
        output=subprocess.PIPE,
        surroundings=Surroundings(environment=environment),
    )
    try:
        output, _ = running.communicate()
    except BaseException:
        signal_group(running.pid, signal.SIGKILL)
        running.wait()
        raise
    if running.returncode != 0:
        last = output.decode(errors="replace").strip().splitlines()[-10:]
        raise UnavailableError("\n".join([f"`celltally {command[3]}` failed:", *last]))
