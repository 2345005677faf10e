"""Tickets: how a page that is signed in over HTTP opens its socket.

A ticket admits one socket once. It travels in the first message, so that no log of
addresses holds it, and only its hash is stored.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from secrets import token_urlsafe
from uuid import UUID

from redis import Redis
from redis.exceptions import RedisError

from shared.domain.errors import UnavailableError
from shared.messaging.ports import TicketHolder
from shared.messaging.redis_keys import RedisKeys

TICKET_SECONDS = 30
TICKET_BYTES = 32


class RedisTickets:
    """Tickets in Redis, which forgets them by itself."""

    def __init__(self, redis: Redis, keys: RedisKeys | None = None) -> None:
        self._redis = redis
        self._keys = keys or RedisKeys()

    def issue(self, holder: TicketHolder) -> str:
        """Return a new ticket; raise UnavailableError when Redis is away."""
        ticket = token_urlsafe(TICKET_BYTES)
        written = json.dumps(
            [str(holder.user_id), holder.session_id, holder.expires_at.isoformat()]
        )
        try:
            self._redis.set(self._keys.ticket(ticket), written, ex=TICKET_SECONDS)
        except RedisError as lost:
            raise UnavailableError(f"live updates are away, try again: {lost}") from lost
        return ticket

    def redeem(self, ticket: str) -> TicketHolder | None:
        """Return the holder the first time; None when used, expired or never issued."""
        return self.redeem_many([ticket])[0]

    def redeem_many(self, tickets: Sequence[str]) -> list[TicketHolder | None]:
        """Return the holder of each, as `redeem`, in one round trip."""
        try:
            with self._redis.pipeline(transaction=False) as pipeline:
                for ticket in tickets:
                    pipeline.getdel(self._keys.ticket(ticket))
                answers: list[bytes | None] = pipeline.execute()
        except RedisError as lost:
            raise UnavailableError(f"tickets cannot be read: {lost}") from lost
        return [None if written is None else _holder_in(written) for written in answers]


def _holder_in(written: bytes) -> TicketHolder:
    user_id, session_id, expires_at = json.loads(written)
    return TicketHolder(UUID(user_id), session_id, datetime.fromisoformat(expires_at))
