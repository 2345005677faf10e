"""Connections to Redis or Valkey, with timeouts stated here and nowhere else.

redis-py 8 times out each read after 5 s and retries ten times, which turns a blocking
read into an error after a minute; so nothing is left to its defaults.
"""

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.connection import AbstractConnection, BlockingConnectionPool, ConnectionPool
from redis.retry import Retry

COMMAND_SECONDS = 3.0
CONNECT_SECONDS = 3.0
MAX_CONNECTIONS = 16
PATIENCE_SECONDS = 3.0


def connect(
    redis_url: str,
    *,
    command_timeout: float = COMMAND_SECONDS,
    retries: int = 1,
    patience: float = PATIENCE_SECONDS,
    name: str = "celltally",
) -> Redis:
    """Return a client for commands; `redis://`, `rediss://` and `unix:///path?db=0` work.

    A command is tried twice, because an idle connection may have been cut meanwhile;
    more would only keep the caller waiting. When all connections are in use a command
    waits *patience* seconds for one: redis-py's own pool would refuse it at once.
    """
    pool = BlockingConnectionPool.from_url(
        redis_url,
        max_connections=MAX_CONNECTIONS,
        timeout=patience,
        socket_timeout=command_timeout,
        socket_connect_timeout=CONNECT_SECONDS,
        retry=Retry(ExponentialBackoff(cap=0.2, base=0.02), retries=retries),
        client_name=name,
        protocol=2,
    )
    return Redis.from_pool(pool)


def subscriber(
    redis_url: str, *, silence: float | None = None, name: str = "celltally-subscriber"
) -> AbstractConnection:
    """Return one unopened connection for pub/sub; a read raises after *silence* seconds.

    It never reconnects by itself: redis-py would do so without a word, and lose what was
    published in between.
    """
    pool = ConnectionPool.from_url(
        redis_url,
        socket_timeout=silence,
        socket_connect_timeout=CONNECT_SECONDS,
        retry=Retry(ExponentialBackoff(), retries=0),
        client_name=name,
        protocol=2,
    )
    connection: AbstractConnection = pool.connection_class(**pool.connection_kwargs)
    return connection
