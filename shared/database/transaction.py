"""One transaction: its statements, and the effects that wait for its commit."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
import sqlalchemy
from psycopg import errors
from psycopg.rows import dict_row
from sqlalchemy import CursorResult, Engine, Executable, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import PoolProxiedConnection

from shared.database.connection import Connection

T = TypeVar("T")
logger = logging.getLogger(__name__)

MAX_TRIES = 3
REPEATED = (errors.DeadlockDetected, errors.SerializationFailure)

#: Read by the triggers on images: why the counts change, and which click asked for it.
ANNOUNCE = text(
    "SELECT set_config('celltally.operation', :operation, true),"
    " set_config('celltally.op_id', :op_id, true)"
)

_TAKE_AT_MOST = text("SELECT set_config('statement_timeout', :milliseconds, true)")

_FORGET_PLANS = text("DISCARD PLANS")
_TAKE_INDEXES = text("SET LOCAL enable_seqscan = off")


class Transaction:
    """What an action works with; without a connection, one statement that commits by itself."""

    def __init__(
        self, pooled: PoolProxiedConnection, connection: sqlalchemy.Connection | None = None
    ) -> None:
        self._pooled = pooled
        self._connection = connection
        self._left = 1 if connection is None else None
        self._effects: list[Callable[[], None]] = []

    @property
    def connection(self) -> sqlalchemy.Connection:
        """The connection of SQLAlchemy; a single statement does without, and is run by `rows`."""
        if self._connection is None:
            raise RuntimeError("a single statement is run by Transaction.rows")
        return self._connection

    def execute(
        self,
        statement: Executable,
        parameters: Mapping[str, Any] | list[dict[str, Any]] | None = None,
    ) -> CursorResult[Any]:
        """Run one statement."""
        self._count()
        return self.connection.execute(statement, parameters)

    def rows(self, statement: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Run one statement written for the driver; return its rows.

        It is for what every image needs: SQLAlchemy's results cost the client as much again.
        """
        self._count()
        driver = self._driver
        try:
            with driver.cursor(row_factory=dict_row) as cursor:
                return cursor.execute(statement.encode(), values).fetchall()
        except psycopg.OperationalError:
            if driver.broken:  # Else the pool would try to roll it back.
                (self._connection or self._pooled).invalidate()
            raise

    def expect_many(self) -> None:
        """Prepare for a statement that may change thousands of rows that were just added.

        PostgreSQL may not know of them yet. Plans that the session made when the tables were
        small, those of foreign keys among them, would read all of a table for each row, and new
        ones might. Such a statement should join nothing, but find rows by an array of ids.
        """
        self.execute(_FORGET_PLANS)
        self.execute(_TAKE_INDEXES)

    def take_at_most(self, seconds: int) -> None:
        """Let each statement from here to the commit take longer than others may."""
        self.execute(_TAKE_AT_MOST, {"milliseconds": str(seconds * 1000)})
        self._driver.statement_seconds = seconds

    def announce(self, operation: str, op_id: str | None = None) -> None:
        """Say why the counts change from here to the commit."""
        self.execute(ANNOUNCE, {"operation": operation, "op_id": op_id or ""})

    @property
    def _driver(self) -> Connection:
        return self._pooled.driver_connection  # type: ignore[return-value]

    def _count(self) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise RuntimeError("a second statement would not be in the same transaction")

    def after_commit(self, effect: Callable[[], None]) -> None:
        """Run *effect* once the commit is safe; never when it is rolled back."""
        self._effects.append(effect)

    def run_effects(self) -> None:
        """Run the effects in order.

        One that fails is logged and stops none of the others: the change is committed,
        and the scheduler's sweeps send again whatever was not sent here.
        """
        for effect in self._effects:
            try:
                effect()
            except Exception:
                logger.exception("an effect after the commit failed; the sweeps will repeat it")


def run_transaction(
    engine: Engine,
    action: Callable[[Transaction], T],
    *,
    operation: str | None = None,
    op_id: str | None = None,
    single: bool = False,
) -> T:
    """Run *action*, repeating it when PostgreSQL chose it as the victim of a deadlock.

    The one statement of a *single* action commits by itself, which saves two round trips.
    """
    for attempt in range(1, MAX_TRIES + 1):
        try:
            # Effects are collected anew each try.
            with _alone(engine) if single else _begun(engine) as transaction:
                if operation is not None:
                    transaction.announce(operation, op_id)
                outcome = action(transaction)
        except (DBAPIError, psycopg.Error) as failure:
            if isinstance(failure, psycopg.OperationalError) and failure.sqlstate is None:
                engine.dispose()  # The server or the network is gone for the rest of the pool, too.
            cause = failure.orig if isinstance(failure, DBAPIError) else failure
            if attempt == MAX_TRIES or not isinstance(cause, REPEATED):
                raise
            logger.info("repeating a transaction after %s", type(cause).__name__)
        else:
            transaction.run_effects()
            return outcome
    raise AssertionError("unreachable: the last try returns or raises")


@contextmanager
def _begun(engine: Engine) -> Iterator[Transaction]:
    with engine.begin() as connection:
        yield Transaction(connection.connection, connection)


@contextmanager
def _alone(engine: Engine) -> Iterator[Transaction]:
    """Lend a connection on which each statement commits by itself.

    Straight from the pool: SQLAlchemy's own connection costs the client half as much as a move.
    """
    pooled = engine.raw_connection()
    driver: Any = pooled.driver_connection
    try:
        driver.autocommit = True
        yield Transaction(pooled)
    finally:
        if pooled.is_valid and not driver.closed:
            driver.autocommit = False
        pooled.close()
