"""`celltally migrate`."""

import subprocess
import sys

import click

from shared.actions.accounts import register
from shared.commands.demo_account import DEMO_EMAIL, demo_secret
from shared.config import Settings, read_or_make_secret
from shared.database.engine import Database
from shared.database.migrating import upgrade
from shared.domain.errors import ConflictError, UnavailableError
from shared.servers.addresses import server_urls


@click.command()
@click.option("--demo-account", is_flag=True, help=f"Also make the account {DEMO_EMAIL}.")
def migrate(*, demo_account: bool) -> None:
    """Bring the database to the newest schema, and name the engines installed here."""
    settings = Settings.from_environment()
    url = server_urls(settings).database
    upgrade(url)
    _register_engines()
    if demo_account:
        _make_demo_account(settings, url)


def _register_engines() -> None:
    """Let the worker's code speak of its engines; `shared` must not import it."""
    command = [sys.executable, "-m", "worker.engines.register"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise UnavailableError(f"the engines could not be registered: {''.join(last)}")


def _make_demo_account(settings: Settings, url: str) -> None:
    path = demo_secret(settings)
    is_new = not path.exists()
    password = read_or_make_secret(path, length=16)
    database = Database(url, pool_size=1, name="celltally-migrate")
    try:
        register(database, email=DEMO_EMAIL, name="Demo", password=password)
    except ConflictError:
        if is_new:  # The account is there, with a password that another home knows.
            path.unlink()
    finally:
        database.close()
