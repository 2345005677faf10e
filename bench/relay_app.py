"""The relay as a benchmark runs it: everything real but the database behind it."""

import json
import os
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from shared.domain.accounts import Role
from shared.domain.channels import Channel
from shared.messaging.redis_keys import RedisKeys
from web.relay.app import create_relay
from web.relay.limits import Limits
from web.relay.ports import Grant, Pair
from web.relay.services import LiveChannel, RelayServices

if TYPE_CHECKING:
    from flask import Flask


class OpenHouse:
    """Lets everybody watch everything; the peers ask nobody either."""

    def open(self, user_id: UUID, channel: Channel) -> Grant | None:
        return Grant(Role.OWNER)

    def holding(self, pairs: Collection[Pair]) -> dict[Pair, datetime | None]:
        return dict.fromkeys(pairs)

    def signed_in(self, session_ids: Collection[str]) -> set[str]:
        return set(session_ids)


def app() -> "Flask":
    """Return a started relay that is configured by the environment of the benchmark."""
    given = json.loads(os.environ["BENCH_RELAY"])
    limits = replace(Limits(), **given["limits"])
    services = RelayServices(
        authority=OpenHouse(),
        live=LiveChannel.on(given["redis_url"], RedisKeys(), limits),
        origins=frozenset(),
        limits=limits,
    )
    relay = create_relay(services)
    relay.extensions["relay"].start()
    return relay
