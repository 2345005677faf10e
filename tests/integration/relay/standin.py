"""A real relay under gunicorn, with everything real but the database behind it."""

import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Flask
from redis import Redis

from shared.domain.accounts import Role
from shared.domain.channels import Channel, ChannelKind
from shared.messaging.redis_connections import connect
from shared.messaging.redis_keys import RedisKeys
from tests.unit.web.relay.samples import stats_update
from web.relay.app import create_relay
from web.relay.limits import Limits
from web.relay.ports import Grant, Snapshot
from web.relay.services import LiveChannel, RelayServices

ORIGIN = "https://cells.example"


class ListedAuthority:
    """Finds the roles of a project where the test wrote them: in a hash of Redis."""

    def __init__(self, redis: Redis, prefix: str) -> None:
        self._redis = redis
        self._prefix = prefix

    def open(self, user_id: UUID, channel: Channel) -> Grant | None:
        if channel.kind not in (ChannelKind.PROJECT, ChannelKind.IMAGES):
            return Grant(Role.OWNER) if channel.id == user_id else None
        members: Any = self._redis.hgetall(f"{self._prefix}:roles:{channel.id}")
        roles = {UUID(user.decode()): Role(role.decode()) for user, role in members.items()}
        if user_id not in roles:
            return None
        owner = next(user for user, role in roles.items() if role is Role.OWNER)
        event = stats_update(project_id=channel.id, owner_id=owner, version=1)
        return Grant(roles[user_id], Snapshot(version=1, at=datetime.now(UTC), event=event))


def app() -> Flask:
    """Return a started relay that is configured by the environment of the test."""
    given = json.loads(os.environ["STANDIN"])
    limits = replace(Limits(), **given["limits"])
    live = LiveChannel.on(given["redis_url"], RedisKeys(given["prefix"]), limits)
    services = RelayServices(
        authority=ListedAuthority(connect(given["redis_url"]), given["prefix"]),
        live=live,
        origins=frozenset({ORIGIN}),
        limits=limits,
    )
    relay = create_relay(services)
    relay.extensions["relay"].start()
    return relay
