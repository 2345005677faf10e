"""What a relay is made of, given from outside."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Thread
from typing import Self

from redis import Redis

from shared.config import Settings
from shared.database.engine import Database
from shared.messaging.ports import Tickets
from shared.messaging.redis_connections import connect, subscriber
from shared.messaging.redis_history import RedisHistory
from shared.messaging.redis_keys import RedisKeys
from shared.messaging.tickets import RedisTickets
from shared.servers.addresses import server_urls
from web.relay.authority import DatabaseAuthority
from web.relay.limits import Limits
from web.relay.ports import Authority, Histories, Ticker
from web.relay.redis_link import Wire

#: A subscription asks one short question; two connections answer hundreds a second.
DATABASE_CONNECTIONS = 2

#: After a restart thousands come back at once; they wait in line for a connection.
STORM_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True)
class LiveChannel:
    """The parts of Redis that the relay uses."""

    tickets: Tickets
    history: Histories
    wire: Wire  #: Carries the subscriptions of this process.
    ticker: Ticker
    keys: RedisKeys = field(default_factory=RedisKeys)

    @classmethod
    def on(cls, redis_url: str, keys: RedisKeys, limits: Limits) -> Self:
        """Return the parts on the server at *redis_url*; nothing connects yet."""
        redis = connect(redis_url, patience=STORM_SECONDS, name="celltally-relay")
        wire = subscriber(redis_url, silence=limits.silence_seconds, name="celltally-relay-sub")
        return cls(
            tickets=RedisTickets(redis, keys),
            history=RedisHistory(redis, keys),
            wire=wire,
            ticker=RedisTicker(redis),
            keys=keys,
        )


class RedisTicker:
    """Lets a relay hear itself, which proves that its link works in both directions."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def tick(self, name: str) -> None:
        self._redis.publish(name, "")


def on_a_thread(act: Callable[[], None]) -> None:
    """Run *act* beside everything else; under gevent a thread is a greenlet."""
    Thread(target=act, daemon=True).start()


@dataclass(frozen=True, kw_only=True)
class RelayServices:
    """Everything that tests may replace."""

    authority: Authority
    live: LiveChannel
    origins: frozenset[str]
    limits: Limits = field(default_factory=Limits)
    clock: Callable[[], float] = time.monotonic
    spawn: Callable[[Callable[[], None]], None] = on_a_thread


def services_from(settings: Settings) -> RelayServices:
    """Return the services of a relay in production."""
    urls = server_urls(settings)
    limits = Limits() if settings.rate_limits == "on" else Limits(handshakes_per_address=10**9)
    database = Database(urls.database, pool_size=DATABASE_CONNECTIONS, name="celltally-relay")
    return RelayServices(
        authority=DatabaseAuthority(database),
        live=LiveChannel.on(urls.redis, RedisKeys(), limits),
        origins=settings.origins,
        limits=limits,
    )
