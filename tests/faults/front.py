"""What people use: web and relay of a plant, a signed-in client, and its live updates."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from shared.actions.accounts import create_token
from shared.client.live import LiveUpdates
from shared.database.accounts import NewToken
from shared.messaging.ports import TicketHolder
from shared.messaging.tickets import RedisTickets
from tests.faults.keeping import Kept
from tests.faults.plant import PATIENCE, Plant
from tests.integration.interleaving import until
from tests.integration.relay.live import free_port


@dataclass
class Client:
    """Somebody's REST client, which keeps the codes of all answers."""

    http: httpx.Client
    codes: list[int] = field(default_factory=list)

    def post(self, path: str, **request: Any) -> Any:
        """Send; return what was answered, whatever the code."""
        answer = self.http.post(f"/api/v1/{path}", **request)
        self.codes.append(answer.status_code)
        return answer.json()


@contextmanager
def web(plant: Plant, user: UUID) -> Iterator[Client]:
    """Run web and lend a client of the user."""
    token = plant.lab.database.transact(lambda tx: create_token(tx, user, NewToken("faults"))).token
    port = free_port()
    with ExitStack() as stack:
        kept = plant.keep("web", "web", CELLTALLY_WEB_PORT=str(port))
        stack.enter_context(plant.visiting(kept))
        address = f"http://127.0.0.1:{port}"
        until(lambda: _answers(f"{address}/readyz"), seconds=PATIENCE)
        headers = {"Authorization": f"Bearer {token}"}
        http = httpx.Client(base_url=address, headers=headers, timeout=60, trust_env=False)
        yield Client(stack.enter_context(http))


@dataclass(frozen=True)
class Relay:
    """A relay, and tickets for it."""

    plant: Plant
    kept: Kept
    port: int

    def watch(self, user: UUID, channel: str) -> LiveUpdates:
        """Open a socket of the user, signed in anew, that watches a channel."""
        expires_at = datetime.now(UTC) + timedelta(hours=1)
        login = self.plant.lab.sign_in(user)
        holder = TicketHolder(user, session_id=str(login), expires_at=expires_at)
        ticket = RedisTickets(self.plant.redis).issue(holder)
        url = f"ws://127.0.0.1:{self.port}/ws"
        return LiveUpdates(url, ticket=ticket, channels=[channel])

    def until_ready(self) -> None:
        """Wait until it admits sockets."""
        until(lambda: _answers(f"http://127.0.0.1:{self.port}/healthz"), seconds=PATIENCE)


@contextmanager
def relay(plant: Plant) -> Iterator[Relay]:
    """Run a relay."""
    port = free_port()
    kept = plant.keep("relay", "relay", CELLTALLY_RELAY_PORT=str(port))
    with plant.visiting(kept):
        running = Relay(plant, kept, port)
        running.until_ready()
        yield running


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False
