"""Publishing through Redis: one atomic script a message (publish.lua)."""

from secrets import token_hex
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from shared.domain.channels import Channel
from shared.domain.control import CONTROL, Order
from shared.domain.errors import UnavailableError
from shared.domain.events import Event
from shared.messaging.envelope import envelope_for
from shared.messaging.redis_keys import Named, RedisKeys
from shared.messaging.redis_scripts import lua

#: An event channel keeps this many messages, for this long after the latest.
KEPT_ENTRIES = 200
KEPT_SECONDS = 24 * 3600
META_SECONDS = 3 * KEPT_SECONDS


class RedisEventPublisher:
    """Publishes to every relay that listens; raises UnavailableError when Redis is away."""

    def __init__(self, redis: Redis, keys: RedisKeys | None = None) -> None:
        self._redis = redis
        self._keys = keys or RedisKeys()
        self._publish = redis.register_script(lua("publish"))  # EVALSHA, loaded when missing.

    def publish_state(self, channel: Channel, event: Event, *, version: int) -> bool:
        """Announce the newest value; False when one as new was announced before."""
        body = envelope_for(channel, event, version=version).to_json()
        return self._run(channel, "state", body, version=version)

    def publish_event(self, channel: Channel, event: Event, *, key: str) -> bool:
        """Announce a message; False when *key* was announced within the last 24 hours."""
        return self._run(channel, "event", envelope_for(channel, event).to_json(), key=key)

    def publish_order(self, order: Order, *, key: str) -> bool:
        """Tell every relay an order; False when *key* was told within the last 24 hours."""
        return self._run(CONTROL, "event", order.model_dump_json(by_alias=True).encode(), key=key)

    def watchers(self, channel: Channel) -> int:
        """Return how many relays have somebody who watches the channel."""
        try:
            counts: Any = self._redis.pubsub_numsub(self._keys.wake(channel))
        except RedisError as lost:
            raise UnavailableError(f"nobody can tell who watches {channel}: {lost}") from lost
        return int(counts[0][1])

    def _run(
        self, channel: Named, kind: str, body: bytes, *, version: int | str = "", key: str = ""
    ) -> bool:
        keys = self._keys
        names = [keys.meta(channel), keys.stream(channel), keys.idempotency(channel, key)]
        numbers = [version, token_hex(4), KEPT_ENTRIES, KEPT_SECONDS, META_SECONDS]
        try:
            offset = self._publish(keys=names, args=[kind, keys.wake(channel), body, *numbers])
        except RedisError as lost:
            raise UnavailableError(f"{channel} was not told of a change: {lost}") from lost
        return bool(offset)
