"""One transaction: its statements, and the effects that wait for its commit."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg import errors
from psycopg.rows import dict_row
from sqlalchemy import Connection, CursorResult, Engine, Executable, text
from sqlalchemy.exc import DBAPIError

T = TypeVar("T")
logger = logging.getLogger(__name__)

MAX_TRIES = 3
REPEATED = (errors.DeadlockDetected, errors.SerializationFailure)

#: Read by the triggers on images: why the counts change, and which click asked for it.
ANNOUNCE = text(
    "SELECT set_config('celltally.operation', :operation, true),"
    " set_config('celltally.op_id', :op_id, true)"
)


class Transaction:
    """What an action works with; when *single*, for one statement that commits by itself."""

    def __init__(self, connection: Connection, *, single: bool = False) -> None:
        self.connection = connection
        self._left = 1 if single else None
        self._effects: list[Callable[[], None]] = []

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
        driver: psycopg.Connection[Any] = self.connection.connection.driver_connection  # type: ignore[assignment]
        try:
            with driver.cursor(row_factory=dict_row) as cursor:
                return cursor.execute(statement.encode(), values).fetchall()
        except psycopg.OperationalError:
            if driver.broken:  # Else the pool would try to roll it back.
                self.connection.invalidate()
            raise

    def announce(self, operation: str, op_id: str | None = None) -> None:
        """Say why the counts change from here to the commit."""
        self.execute(ANNOUNCE, {"operation": operation, "op_id": op_id or ""})

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
            with _begun(engine, single=single) as connection:
                # Effects are collected anew each try.
                transaction = Transaction(connection, single=single)
                if operation is not None:
                    transaction.announce(operation, op_id)
                outcome = action(transaction)
        except (DBAPIError, psycopg.Error) as failure:
            cause = failure.orig if isinstance(failure, DBAPIError) else failure
            if attempt == MAX_TRIES or not isinstance(cause, REPEATED):
                raise
            logger.info("repeating a transaction after %s", type(cause).__name__)
        else:
            transaction.run_effects()
            return outcome
    raise AssertionError("unreachable: the last try returns or raises")


@contextmanager
def _begun(engine: Engine, *, single: bool) -> Iterator[Connection]:
    if not single:
        with engine.begin() as connection:
            yield connection
        return
    with engine.connect() as connection:
        yield connection.execution_options(isolation_level="AUTOCOMMIT")
