"""A connection to PostgreSQL that gives up a server which says nothing at all.

PostgreSQL itself ends a statement that takes too long, but not when it hangs, or when the network
in between swallows what is sent: then whoever asked would wait for ever, and say nothing either.
"""

from typing import Any, Self

import psycopg
from psycopg.abc import PQGen
from psycopg.errors import _WaitTimeout

#: The server ends each statement after so many seconds …
STATEMENT_SECONDS = 30
#: … and has so many more to say so.
GRACE_SECONDS = 10.0
#: Who takes no connection within so many seconds is away.
CONNECT_SECONDS = 10
#: How often a wait looks for signals of this process; psycopg's own value.
WAKE_SECONDS = 0.1


class Connection(psycopg.Connection[Any]):
    """psycopg's connection, whose waits end."""

    #: Seconds that the server's statements may take now.
    statement_seconds: float = STATEMENT_SECONDS

    @classmethod
    def connect(cls, conninfo: str = "", **given: Any) -> Self:
        """Connect as psycopg does, whose own patience would be 130 s.

        Raises psycopg.OperationalError when the server refuses or gives no answer.
        """
        return super().connect(conninfo, **{"connect_timeout": CONNECT_SECONDS, **given})

    def wait(
        self, gen: PQGen[Any], interval: float = WAKE_SECONDS, timeout: float | None = None
    ) -> Any:
        """Wait for the server, no longer than a statement may take.

        Raises psycopg.OperationalError, and closes the connection, when it gives no answer.
        """
        if timeout is not None:  # Somebody waits for a notice, which may not come.
            return super().wait(gen, interval, timeout)
        seconds = self.statement_seconds + GRACE_SECONDS
        try:
            return super().wait(gen, interval, seconds)
        except _WaitTimeout:
            self.pgconn.finish()
            raise psycopg.OperationalError(
                f"PostgreSQL gave no answer within {seconds:g} s: it hangs, or the network swallows"
                " what is sent; look at its log and at the machine that it is on"
            ) from None
