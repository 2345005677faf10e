"""Servers that somebody else runs: checked, used, never started or stopped."""

import psycopg
from redis import Redis
from redis.exceptions import RedisError

from shared.domain.errors import UnavailableError
from shared.servers.addresses import ServerUrls, masked
from shared.servers.versions import require_at_least

OLDEST_POSTGRESQL = (15,)
OLDEST_REDIS = (6, 2)


def check_given(urls: ServerUrls) -> str:
    """Refuse servers that do not answer or are too old; return one line about them."""
    postgresql = postgresql_version(urls.database)
    require_at_least(postgresql, least=OLDEST_POSTGRESQL, server="PostgreSQL")
    redis = redis_version(urls.redis)
    require_at_least(redis, least=OLDEST_REDIS, server="Redis")
    return (
        f"using PostgreSQL {postgresql[0]}.{postgresql[1]} at {masked(urls.database)} and "
        f"Redis {redis[0]}.{redis[1]} at {masked(urls.redis)}"
    )


def postgresql_version(url: str) -> tuple[int, ...]:
    """Ask PostgreSQL for its version."""
    try:
        with psycopg.connect(_libpq_url(url), connect_timeout=5) as connection:
            number = connection.info.server_version
    except psycopg.Error as refusal:
        reason = " ".join(str(refusal).split())
        raise UnavailableError(f"PostgreSQL at {masked(url)} does not answer: {reason}") from None
    return number // 10_000, number % 10_000


def redis_version(url: str) -> tuple[int, ...]:
    """Ask Redis, or Valkey, for the version of Redis that it equals."""
    try:
        with Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5) as client:
            version: str = client.info("server")["redis_version"]
    except (RedisError, ValueError) as refusal:
        raise UnavailableError(f"Redis at {masked(url)} does not answer: {refusal}") from None
    return tuple(int(part) for part in version.split(".")[:3])


def _libpq_url(url: str) -> str:
    scheme, colon, rest = url.partition(":")
    return f"{scheme.partition('+')[0]}{colon}{rest}"
