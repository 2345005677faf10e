"""The embedded PostgreSQL."""

import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from shared.config import read_or_make_secret
from shared.domain.errors import ConfigurationError, UnavailableError
from shared.servers.confinement import Confinement, confinement_of
from shared.servers.places import POSTGRESQL_SOCKET, make_private_folder
from shared.servers.program import ServerProgram
from shared.servers.versions import require_same_major

NAME = "celltally"  #: Of the database, and of the role that owns it and may do no more.
MAJOR = "18"
_ADMINISTRATOR = "postgres"
_UPGRADE = (
    "install the celltally that wrote it, save the database with its pg_dump, "
    "and load it into a new CELLTALLY_HOME with this one"
)
_WITHIN = 120.0  # Seconds for a start, which after a crash reads the log of changes again.
_SETTINGS = {
    "listen_addresses": "",  # The socket is the only way in.
    "unix_socket_permissions": "0700",
    "max_connections": "100",  # The pools of all processes together take at most 80.
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_FAST_BUT_FRAGILE = {"fsync": "off", "full_page_writes": "off"}


class PostgreSQLServer:
    """PostgreSQL on the data of one home; the home's lock must be held."""

    def __init__(
        self,
        home: Path,
        *,
        durable: bool = True,
        confine: Callable[[Path], Confinement] = confinement_of,
    ) -> None:
        self._home = home
        self._durable = durable
        self._confine = confine
        self._confinement: Confinement | None = None
        self.program = ServerProgram(
            "PostgreSQL",
            program="postgres",
            folder=home / "postgresql",
            log=home / "log" / "postgresql.log",
            gentle=signal.SIGINT,  # "Fast": ends all sessions, writes everything, exits.
        )

    @property
    def url(self) -> str:
        """The address of the database, as libpq writes it."""
        host = quote(str(self._confined.sockets))
        return f"postgresql://{NAME}:{self._secret(NAME)}@/{NAME}?host={host}"

    def start(self) -> None:
        """Start it on our data, and return when it answers."""
        if self._confinement is None:  # Asked once: a later answer would move the data.
            make_private_folder(self._home)
            self._confinement = self._confine(self._home)
        self.program.end_orphans(grace=60)
        if not self._confined.data.exists():
            self._make_data()
        require_same_major(
            self._confined.data / "PG_VERSION", server="PostgreSQL", major=MAJOR, remedy=_UPGRADE
        )
        self._remove_stale_files()
        self.program.start(
            self._confined.command("postgres", "-D", str(self._confined.data), *self._options()),
            account=self._confined.account,
        )
        self.program.wait_until(self._answers, within=_WITHIN)
        self._make_role_and_database()

    def stop(self) -> None:
        """Stop it; what was committed is on disk."""
        self.program.stop(grace=60, harder=signal.SIGQUIT)

    @property
    def _confined(self) -> Confinement:
        if self._confinement is None:
            raise UnavailableError("PostgreSQL has not been started")
        return self._confinement

    def _secret(self, role: str) -> str:
        return read_or_make_secret(self._home / f"password_of_{role}")

    def _options(self) -> list[str]:
        settings = {**_SETTINGS, "unix_socket_directories": str(self._confined.sockets)}
        if not self._durable:
            settings |= _FAST_BUT_FRAGILE
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _make_data(self) -> None:
        """Make the data under another name: an interrupted initdb leaves nothing half made."""
        data = self._confined.data
        new = data.with_name(f"{data.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        secret = new.with_suffix(".secret")
        secret.touch(mode=0o600)
        secret.write_text(self._secret(_ADMINISTRATOR))
        self._confined.give(secret)
        try:
            self._run_initdb(new, secret)
        finally:
            secret.unlink()
        new.replace(data)

    def _run_initdb(self, new: Path, secret: Path) -> None:
        arguments = [f"--pgdata={new}", f"--username={_ADMINISTRATOR}", f"--pwfile={secret}"]
        arguments += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
        # The order of texts must not change with the system's C library.
        arguments += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        arguments += [] if self._durable else ["--no-sync"]
        account = self._confined.account
        made = subprocess.run(
            self._confined.command("initdb", *arguments),
            check=False,
            capture_output=True,
            text=True,
            cwd=new.parent,
            user=None if account is None else account.uid,
            group=None if account is None else account.gid,
            extra_groups=None if account is None else [],
        )
        if made.returncode != 0:
            raise UnavailableError(f"PostgreSQL's initdb failed: {made.stderr.strip()}")

    def _remove_stale_files(self) -> None:
        """Remove what a killed server left: its numbers may belong to others by now."""
        socket = self._confined.sockets / POSTGRESQL_SOCKET
        lock = socket.with_name(f"{socket.name}.lock")
        for path in (self._confined.data / "postmaster.pid", socket, lock):
            path.unlink(missing_ok=True)

    def _answers(self) -> bool:
        try:
            with self._administrator():
                return True
        except psycopg.OperationalError as refusal:
            if "authentication failed" in str(refusal):
                raise ConfigurationError(
                    f"{self._home}/password_of_{_ADMINISTRATOR} is not the password with which "
                    f"{self._confined.data} was made: put the file back"
                ) from None
            return False

    def _administrator(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self._confined.sockets),
            user=_ADMINISTRATOR,
            password=self._secret(_ADMINISTRATOR),
            dbname="postgres",
            autocommit=True,
            connect_timeout=5,
        )

    def _make_role_and_database(self) -> None:
        name = sql.Identifier(NAME)
        with self._administrator() as connection:
            if not _exists(connection, "pg_roles", "rolname"):
                secret = sql.Literal(self._secret(NAME))
                statement = sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}")
                connection.execute(statement.format(name, secret))
            if not _exists(connection, "pg_database", "datname"):
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, name))


def _exists(connection: psycopg.Connection, catalogue: str, column: str) -> bool:
    question = sql.SQL("SELECT 1 FROM {} WHERE {} = %s").format(
        sql.Identifier(catalogue), sql.Identifier(column)
    )
    return connection.execute(question, [NAME]).fetchone() is not None
