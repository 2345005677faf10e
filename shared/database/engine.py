"""Connections to PostgreSQL, with the limits that keep one bad query from hanging all."""

import os
import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from weakref import ref

import psycopg
import sqlalchemy
from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import InterfaceError, InvalidatePoolError, OperationalError

from shared.database.connection import STATEMENT_SECONDS, Connection
from shared.database.transaction import Transaction, run_transaction

T = TypeVar("T")

#: Set on every connection beside `statement_timeout`; a number without unit is milliseconds.
LIMITS = {
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "60s",
    "timezone": "UTC",
}

#: What is raised while PostgreSQL is away or too busy: the same may work in a moment.
AWAY = (psycopg.OperationalError, psycopg.InterfaceError, OperationalError, InterfaceError)


class Database:
    """A pool of connections; the only way to read and to write."""

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 5,
        name: str = "celltally",
        statement_seconds: int = STATEMENT_SECONDS,
    ) -> None:
        self.url = driver_url(url)
        self._statement_seconds = statement_seconds
        limits = {"statement_timeout": f"{statement_seconds}s", **LIMITS}
        options = " ".join(f"-c {key}={value}" for key, value in limits.items())
        self.engine = create_engine(
            self.url,
            pool_size=pool_size,
            max_overflow=0,
            pool_recycle=1800,
            connect_args={"options": options, "application_name": name},
        )
        event.listen(self.engine, "do_connect", _connect)
        event.listen(self.engine, "checkout", self._refuse_the_dead)
        self._forget_connections_of_the_parent()

    @contextmanager
    def reading(self) -> Iterator[sqlalchemy.Connection]:
        """Lend a connection for questions; each statement sees the newest commit."""
        with self.engine.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")

    def transact(
        self,
        action: Callable[[Transaction], T],
        *,
        operation: str | None = None,
        op_id: str | None = None,
        single: bool = False,
    ) -> T:
        """Run *action* in a transaction, commit, then run what it left for after the commit.

        A deadlock or a serialisation failure repeats the whole action, three times at most,
        so an action must have no effect but its statements and `after_commit`. A *single*
        action runs one statement, which commits by itself.
        """
        return run_transaction(self.engine, action, operation=operation, op_id=op_id, single=single)

    def answers(self) -> bool:
        """Tell whether PostgreSQL answers now."""
        try:
            with self.reading() as connection:
                connection.exec_driver_sql("SELECT 1")
        except OperationalError:
            return False
        return True

    def close(self) -> None:
        """Close the idle connections."""
        self.engine.dispose()

    def _refuse_the_dead(self, connection: Any, *_: object) -> None:
        """Have the pool replace connections that the server ended.

        A server says so on the socket: while nothing is to be read there, asking it with a
        round trip, as SQLAlchemy's pre-ping does each time, would tell no more.
        """
        connection.statement_seconds = self._statement_seconds
        if is_silent(connection):
            return
        try:
            self.engine.dialect.do_ping(connection)
        except psycopg.Error as ended:
            raise InvalidatePoolError from ended

    def _forget_connections_of_the_parent(self) -> None:
        """After a fork the child opens its own connections and leaves the parent's alone."""
        engine = ref(self.engine)  # The hook outlives this object; it must not keep it alive.

        def in_the_child() -> None:
            if (inherited := engine()) is not None:
                inherited.dispose(close=False)

        os.register_at_fork(after_in_child=in_the_child)


def _connect(
    _dialect: object, _record: object, given: list[Any], named: dict[str, Any]
) -> Connection:
    return Connection.connect(*given, **named)


def is_silent(connection: psycopg.Connection) -> bool:
    """Tell whether the server has said nothing that we did not ask for."""
    poll = select.poll()
    try:
        poll.register(connection.fileno(), select.POLLIN)
    except psycopg.OperationalError:  # It is closed already.
        return False
    return not poll.poll(0)


def driver_url(url: str | URL) -> URL:
    """Return *url* for SQLAlchemy, with psycopg as the driver whatever the URL says."""
    return make_url(url).set(drivername="postgresql+psycopg")


def plain_url(url: str | URL) -> str:
    """Return *url* as libpq and psycopg write it."""
    written = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    address, mark, query = written.partition("?")
    # SQLAlchemy leaves a space as it is, or makes it a plus; libpq refuses the first and
    # takes the second for a plus.
    return address.replace(" ", "%20") + mark + query.replace("+", "%20")
