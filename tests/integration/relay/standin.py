"""A real relay under gunicorn, with everything real but the database behind it."""

import json
import os
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Flask
from redis import Redis

from shared.domain.accounts import Role
from shared.domain.channels import Channel, ChannelKind
from shared.domain.control import CONTROL
from shared.domain.events import EVENTS, EventType
from shared.messaging.redis_connections import connect
from shared.messaging.redis_keys import RedisKeys
from tests.unit.web.relay.samples import stats_update
from web.relay.app import create_relay
from web.relay.limits import Limits
from web.relay.ports import Grant, Pair, Snapshot
from web.relay.relay import Relay
from web.relay.services import LiveChannel, RelayServices

ORIGIN = "https://cells.example"


class ListedAuthority:
    """Finds the roles of a project where the test wrote them: in a hash of Redis."""

    def __init__(self, redis: Redis, prefix: str) -> None:
        self._redis = redis
        self._prefix = prefix
        self._known: dict[UUID, dict[UUID, Role]] = {}

    def open(self, user_id: UUID, channel: Channel) -> Grant | None:
        if channel.kind not in (ChannelKind.PROJECT, ChannelKind.IMAGES):
            return Grant(Role.OWNER) if channel.id == user_id else None
        roles = self._roles(channel.id)
        if user_id not in roles:
            return None
        owner = next(user for user, role in roles.items() if role is Role.OWNER)
        event = stats_update(project_id=channel.id, owner_id=owner, version=1)
        return Grant(roles[user_id], Snapshot(version=1, at=datetime.now(UTC), event=event))

    def holding(self, pairs: Collection[Pair]) -> dict[Pair, datetime | None]:
        return {pair: None for pair in pairs if pair[0] in self._roles(pair[1])}

    def _roles(self, project_id: UUID) -> dict[UUID, Role]:
        """Return the people of a project; a database forgets nothing when Redis does."""
        members: Any = self._redis.hgetall(f"{self._prefix}:roles:{project_id}")
        if members:
            self._known[project_id] = {
                UUID(user.decode()): Role(role.decode()) for user, role in members.items()
            }
        return self._known.get(project_id, {})

    def signed_in(self, session_ids: Collection[str]) -> set[str]:
        ended = f"{self._prefix}:ended"
        return {each for each in session_ids if not self._redis.sismember(ended, each)}


def _check_what_arrives(relay: Relay) -> None:
    """Send on no message that is not exactly what its class says (rules.md 17)."""
    deliver = relay.arrived

    def arrived(name: bytes, published: bytes) -> None:
        envelope = json.loads(published.split(b" ", 2)[2])
        if name != relay.wake_name(CONTROL).encode():  # Orders are not for browsers.
            EVENTS[EventType(envelope["type"])].model_validate(envelope["data"])
        deliver(name, published)

    relay.arrived = arrived  # type: ignore[method-assign]


def app() -> Flask:
    """Return a started relay that is configured by the environment of the test."""
    given = json.loads(os.environ["STANDIN"])
    # Tests open more sockets from one address than anybody does.
    limits = replace(Limits(), **{"handshakes_per_address": 10**6, **given["limits"]})
    live = LiveChannel.on(given["redis_url"], RedisKeys(given["prefix"]), limits)
    services = RelayServices(
        authority=ListedAuthority(connect(given["redis_url"]), given["prefix"]),
        live=live,
        origins=frozenset({ORIGIN}),
        limits=limits,
    )
    relay = create_relay(services)
    _check_what_arrives(relay.extensions["relay"])
    relay.extensions["relay"].start()
    return relay
