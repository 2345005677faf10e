"""`celltally web`, `relay`, `worker`, …: single processes, for people with a supervisor.

Each becomes the real program, so that the list of processes shows what it is and signals reach
it directly.
"""

import os
import secrets
import sys
from pathlib import Path
from typing import NoReturn

import click

from shared.config import Settings, read_or_make_secret
from shared.servers.addresses import server_urls
from shared.servers.places import make_private_folder, run_folder
from shared.supervision.ports import LOCAL

FLOWER_USER = "celltally"
#: Children beyond the engines that work at a time; each costs memory, and more gain nothing.
MOST_AHEAD = 4
_HOST = click.option("--host", default=LOCAL, show_default=True, help="Address to listen on.")
# gunicorn's control socket lies in $HOME, where a second gunicorn takes it over.
_GUNICORN = ("gunicorn", "--no-control-socket")


@click.command()
@_HOST
@click.option("--threads", default=24, show_default=True, help="Requests answered at a time.")
def web(host: str, threads: int) -> None:
    """Start the pages and the REST interface."""
    settings = _settings()
    server = ["-k", "gthread", "-w", "1", "--threads", str(threads), "--graceful-timeout", "10"]
    address = ["-b", f"{host}:{settings.web_port}"]
    _become(*_GUNICORN, *server, *address, "web.wsgi:web_app()")


@click.command()
@_HOST
def relay(host: str) -> None:
    """Start the relay of live updates."""
    settings = _settings()
    server = ["-c", "python:web.relay.gunicorn_config", "-w", "1"]
    address = ["-b", f"{host}:{settings.relay_port}"]
    _become(*_GUNICORN, *server, *address, "web.relay.wsgi:relay_app()")


@click.command()
@click.option("--queues", default="segment.cpu,background", show_default=True, help="By comma.")
@click.option("--concurrency", type=click.IntRange(1), help="Images at a time.")
def worker(queues: str, concurrency: int | None) -> None:
    """Start a worker that segments images."""
    slots = concurrency or _settings().worker_concurrency
    os.environ["CELLTALLY_WORKER_CONCURRENCY"] = str(slots)
    # Children share the cores already; libraries that make threads of their own slow all down.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    _become_worker("worker", queues=queues, children=children_of(slots))


@click.group(invoke_without_command=True)
@click.pass_context
def stats(context: click.Context) -> None:
    """Start the worker that recounts; or reconcile the counts."""
    if context.invoked_subcommand is None:
        _settings()
        _become_worker("stats", queues="stats", children=1)


@click.command()
def scheduler() -> None:
    """Start the loop that dispatches, and heals what was lost."""
    _settings()
    _become("shared.scheduling")


@click.command()
def flower() -> None:
    """Start Celery's monitor, on this machine only."""
    configuration = _write_flower_configuration(_settings())
    _become("celery", "--config", "celeryconfig", "flower", f"--conf={configuration}")


def children_of(slots: int) -> int:
    """Return how many children keep so many engines busy: some read and store meanwhile."""
    return slots + min(slots, MOST_AHEAD)


def worker_arguments(
    kind: str, *, queues: str, children: int, app: str = "worker.app"
) -> list[str]:
    """Return the arguments of `celery` that make a worker of this *kind*."""
    # Runs are leased to a worker by name: a later worker must never have an earlier one's.
    name = f"{kind}-{secrets.token_hex(3)}@%h"
    # Celery warns root of pickled messages, which accept_content refuses.
    os.environ.setdefault("PYTHONWARNINGS", "ignore:You're running the worker with superuser")
    # Gossip and mingle only add ways to fail when Redis restarts.
    quiet = ["--without-gossip", "--without-mingle"]
    pool = ["-P", "prefork", "-c", str(children), "-Q", queues]
    return ["-A", app, "worker", *quiet, *pool, "-n", name, "-l", "INFO"]


def flower_password(settings: Settings) -> str:
    """Return the password of Flower's only user, made on first use."""
    return read_or_make_secret(settings.absolute_home / "flower_password", length=24)


def _settings() -> Settings:
    """Return the settings; refuse when there are no servers to work with."""
    settings = Settings.from_environment()
    server_urls(settings)
    return settings


def _write_flower_configuration(settings: Settings) -> Path:
    """Write a file for its owner alone: a command line or environment shows its secrets."""
    options = {
        "address": LOCAL,
        "port": settings.flower_port,
        "basic_auth": [f"{FLOWER_USER}:{flower_password(settings)}"],
        "purge_offline_workers": 60,  # A restarted worker has a new name.
    }
    path = make_private_folder(run_folder(settings.absolute_home)) / "flower.conf.py"
    path.touch(mode=0o600)
    path.write_text("".join(f"{name} = {value!r}\n" for name, value in options.items()))
    return path


def _become_worker(kind: str, *, queues: str, children: int) -> NoReturn:
    _become("celery", *worker_arguments(kind, queues=queues, children=children))


def _become(module: str, *arguments: str) -> NoReturn:
    """Replace this process by a Python program."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606 - meant so.
