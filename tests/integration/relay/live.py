"""Relay processes, browsers and people for the tests."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from urllib.request import urlopen
from uuid import UUID, uuid4

from jsonschema import Draft7Validator
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from shared.domain.channels import Channel, ChannelKind
from shared.messaging.ports import TicketHolder
from shared.messaging.redis_events import RedisEventPublisher
from shared.messaging.redis_keys import RedisKeys
from shared.messaging.tickets import RedisTickets
from tests.unit.web.relay.samples import stats_update, status_update
from web.api.asyncapi import socket_document
from web.relay.messages import read_relay_message

ROOT = Path(__file__).parents[3]
RELAY_MESSAGE = Draft7Validator(
    {"$ref": "#/components/schemas/RelayMessage", "components": socket_document()["components"]}
)


@dataclass
class RelayProcess:
    """One gunicorn with one worker."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    def health(self) -> dict[str, Any] | None:
        """Return what /healthz says; None when it is not ready."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
                read: dict[str, Any] = json.load(answer)
                return read
        except OSError:  # Also what urllib raises for an answer of 503.
            return None

    def metric(self, name: str, **labels: str) -> float:
        """Return one number of /metrics; 0 when it was never counted."""
        with urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
            families = text_string_to_metric_families(answer.read().decode())
        samples = [sample for family in families for sample in family.samples]
        return sum(
            s.value for s in samples if s.name == name and labels.items() <= s.labels.items()
        )

    def when_ready(self) -> Self:
        try:
            wait_until(lambda: self.health() is not None, seconds=60)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)


@dataclass
class Live:
    """A project, its people, and relays that know their roles."""

    redis_url: str
    redis: Redis
    stack: ExitStack
    keys: RedisKeys
    ending: list[RelayProcess]  #: Waited for when all tests are done.
    project_id: UUID = field(default_factory=uuid4)
    alice: UUID = field(default_factory=uuid4)  #: Owns the project.
    bob: UUID = field(default_factory=uuid4)  #: Shares it.
    eve: UUID = field(default_factory=uuid4)  #: Does not.
    logins: dict[UUID, str] = field(default_factory=dict)  #: Where they are rows.

    def __post_init__(self) -> None:
        roles = {str(self.alice): "owner", str(self.bob): "viewer"}
        self.redis.hset(f"{self.keys.prefix}:roles:{self.project_id}", mapping=roles)

    @property
    def project(self) -> Channel:
        return Channel(ChannelKind.PROJECT, self.project_id)

    @property
    def images(self) -> Channel:
        return Channel(ChannelKind.IMAGES, self.project_id)

    @property
    def publisher(self) -> RedisEventPublisher:
        return RedisEventPublisher(self.redis, self.keys)

    def publish_stats(self, version: int) -> None:
        event = stats_update(project_id=self.project_id, owner_id=self.alice, version=version)
        assert self.publisher.publish_state(self.project, event, version=version)

    def publish_status(self, key: str, *, images: int = 1) -> None:
        event = status_update(self.project_id, images=images)
        assert self.publisher.publish_event(self.images, event, key=key)

    def ticket(self, user_id: UUID, *, seconds: float = 3600) -> str:
        expires_at = datetime.now(UTC) + timedelta(seconds=seconds)
        login = self.logins.get(user_id, "login")
        holder = TicketHolder(user_id, session_id=login, expires_at=expires_at)
        return RedisTickets(self.redis, self.keys).issue(holder)

    def relay(self, **limits: float) -> RelayProcess:
        """Start a relay with limits of its own and return when it is ready."""
        relay = start_relay(self.redis_url, self.keys, limits)
        self.stack.callback(relay.process.terminate)
        self.ending.append(relay)
        return relay

    def socket(self, relay: RelayProcess, **options: Any) -> "Socket":
        """Open a socket and say nothing; without reading, it soon takes nothing more."""
        transport = socket.socket()
        transport.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
        options = {"compression": None, "ping_interval": None, "max_queue": 4, **options}
        try:
            transport.connect(("127.0.0.1", relay.port))
            opened = connect(relay.url, sock=transport, proxy=None, **options)
        except BaseException:
            transport.close()
            raise
        return Socket(self.stack.enter_context(opened))

    def signed_in(self, relay: RelayProcess, user_id: UUID, **options: Any) -> "Socket":
        """Open a socket of the user, past its welcome."""
        opened = self.socket(relay, **options)
        opened.say(m="hello", ticket=self.ticket(user_id), proto=1, tab="t")
        assert opened.hear()["m"] == "welcome"
        assert opened.hear()["ch"] == f"user:{user_id}"
        return opened

    def watching(self, relay: RelayProcess, user_id: UUID, *channels: Channel) -> "Socket":
        """Open a socket of the user that watches the channels."""
        opened = self.signed_in(relay, user_id)
        opened.subscribe(*channels)
        return opened


@dataclass
class Socket:
    """A browser, as the tests see it."""

    connection: ClientConnection

    def say(self, **message: Any) -> None:
        self.connection.send(json.dumps(message))

    def hear(self, seconds: float = 10) -> dict[str, Any]:
        """Return the next message; whatever the relay says is as its document promises (R2)."""
        heard = self.take(seconds)
        read_relay_message(json.dumps(heard))
        assert list(RELAY_MESSAGE.iter_errors(heard)) == []
        return heard

    def take(self, seconds: float = 10) -> dict[str, Any]:
        """Return the next message without a look at its form, which takes long where it is big."""
        taken: dict[str, Any] = json.loads(self.connection.recv(timeout=seconds))
        return taken

    def closed(self, seconds: float = 20) -> tuple[int, list[dict[str, Any]]]:
        """Wait for the relay's close; return its code and what came before it."""
        before = []
        with suppress(ConnectionClosed):
            while True:
                before.append(self.take(seconds))
        code = self.connection.protocol.close_rcvd
        assert code is not None, "the socket broke without a close frame"
        return code.code, before

    def subscribe(self, *channels: Channel, **since: str) -> list[dict[str, Any]]:
        self.say(m="sub", ref=1, subs=[{"ch": str(channel), **since} for channel in channels])
        return [self.hear() for _ in channels]


def start_relay(redis_url: str, keys: RedisKeys, limits: Mapping[str, float]) -> RelayProcess:
    port = free_port()
    given = json.dumps({"redis_url": redis_url, "prefix": keys.prefix, "limits": limits})
    command = [sys.executable, "-m", "gunicorn", "-c", "web/relay/gunicorn_config.py"]
    command += ["--bind", f"127.0.0.1:{port}", "--no-control-socket", "--log-level", "warning"]
    command += ["tests.integration.relay.standin:app()"]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "STANDIN": given})
    return RelayProcess(process, port).when_ready()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def wait_until(happened: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
