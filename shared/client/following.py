"""A project's events for as long as one wants them, across every interruption.

with RestClient("http://localhost:8000", token=token) as rest:
    for event in follow(rest, project_id):
        print(event["type"], event["data"])
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from shared.client.backoff import Backoff, jitter
from shared.client.resuming import Resuming
from shared.client.socket import PROTOCOL, Message, RelaySocket, SocketClosedError
from shared.domain.errors import CelltallyError, NotFoundError, NotSignedInError, UnavailableError

#: The relay pings every 25 s; quieter than this is dead.
SILENCE_SECONDS = 40.0
_RENEW_SECONDS = 60.0  # Before the login of a socket ends.
_SLOW_SECONDS = 5.0  # What the relay asks of a client that reads too slowly.

_LATE, _NOT_SIGNED_IN, _TOO_MUCH, _RESTARTING = 4408, 4401, 4429, 1012
#: Coming back would only repeat what was refused.
_FINAL = frozenset({1009, 4400, 4403, 4409})


class Rest(Protocol):
    """What is asked over REST."""

    def ticket(self) -> Message: ...
    def stats(self, project_id: str) -> Message: ...
    def images(self, project_id: str) -> Iterator[Message]: ...


class Socket(Protocol):
    """An open socket."""

    def send(self, **message: object) -> None: ...
    def receive(self, seconds: float) -> Message | None: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class World:
    """Time, chance and the network; tests have their own."""

    connect: Callable[[str], Socket] = RelaySocket
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    uniform: Callable[[float, float], float] = jitter


def follow(
    rest: Rest,
    project_id: str,
    *,
    poll: bool = False,
    tell: Callable[[str], None] = lambda _: None,
    world: World | None = None,
) -> Iterator[Message]:
    """Yield every event of a project: `pub` messages as docs/events.md has them, in order, once.

    Begins with the counts of now. When the relay cannot say any more what was missed, one
    `refetched` with what REST tells takes its place. With *poll*, each failed attempt at a socket
    asks REST for the counts, and yields them as `polled` when they are news. *tell* is given a
    sentence whenever the connection comes or goes. Raises CelltallyError when going on is no use.
    """
    yield from _Following(rest, project_id, poll, tell, world or World()).events()


class _Following:
    """One project, however many sockets it takes."""

    def __init__(
        self, rest: Rest, project_id: str, poll: bool, tell: Callable[[str], None], world: World
    ) -> None:
        self._rest = rest
        self._project_id = project_id
        self._poll = poll
        self._tell = tell
        self._world = world
        self._state = f"project:{project_id}"
        self._resuming = Resuming([self._state, f"images:{project_id}"])
        self._backoff = Backoff(world.clock, world.uniform)
        self._ref = 0
        self._drain_seconds = 0.0
        self._ever_live = False
        self._owed: set[str] = set()  # Channels of which REST has to tell what was missed.
        self._unwelcome = 0  # Tickets in a row that the relay did not take.
        self._renew_at = 0.0

    def events(self) -> Iterator[Message]:
        while True:
            try:
                yield from self._one_socket()
            except UnavailableError as lost:
                wait = self._wait_after(lost)
                self._tell(f"{lost.detail}; trying again in {wait:.1f} s")
            if self._poll:
                yield from self._polled()
            self._world.sleep(wait)

    def _one_socket(self) -> Iterator[Message]:
        opened = self._rest.ticket()
        socket = self._world.connect(opened["url"])
        try:
            socket.send(m="hello", ticket=opened["ticket"], proto=PROTOCOL)
            heard_at = self._world.clock()
            while True:
                message = socket.receive(self._patience(heard_at))
                if message is not None:
                    heard_at = self._world.clock()
                    yield from self._act_on(message, socket)
                elif self._world.clock() - heard_at >= SILENCE_SECONDS:
                    raise SocketClosedError(opened["url"], _LATE)
                self._renew(socket)
        finally:
            socket.close()

    def _patience(self, heard_at: float) -> float:
        until = heard_at + SILENCE_SECONDS
        return max(0.01, min(until, self._renew_at or until) - self._world.clock())

    def _act_on(self, message: Message, socket: Socket) -> Iterator[Message]:
        match message["m"]:
            case "welcome":
                self._expect_end(message["exp"])
                self._unwelcome = 0
                self._subscribe(socket, self._resuming.wishes())
            case "authed":
                self._expect_end(message["exp"])
            case "pub":
                yield from self._resuming.published(message)
            case "subbed" if "ref" in message and self._resuming.is_watched(message["ch"]):
                yield from self._answered(message)
            case "resync" if self._resuming.is_watched(message["ch"]):
                self._subscribe(socket, self._resuming.wishes([message["ch"]]))
            case "drain":
                self._drain_seconds = message["afterMs"] / 1000
            case "error" | "unsub" if self._resuming.is_watched(message.get("ch", "")):
                raise self._refusal(message)

    def _subscribe(self, socket: Socket, subs: list[dict[str, str]]) -> None:
        self._ref += 1
        socket.send(m="sub", ref=self._ref, subs=subs)

    def _answered(self, subbed: Message) -> Iterator[Message]:
        missed, lost = self._resuming.answered(subbed)
        yield from missed
        if lost:
            self._tell("what was missed is not kept any more; asking REST instead")
            self._owed.add(subbed["ch"])
        while self._owed:  # Still owed when REST does not answer either.
            channel = min(self._owed)
            yield self._refetched(channel)
            self._owed.discard(channel)
        if self._resuming.complete and not self._backoff.is_live:
            self._backoff.succeeded()
            self._tell("live again" if self._ever_live else "live")
            self._ever_live = True

    def _refetched(self, channel: str) -> Message:
        stats = self._rest.stats(self._project_id)
        keys = ("status", "version", "objectCount")
        images = [
            {"imageId": image["id"], **{key: image.get(key) for key in keys}}
            for image in self._rest.images(self._project_id)
        ]
        data = {"projectId": self._project_id, "stats": stats, "images": images}
        return {"m": "refetched", "ch": channel, "type": "refetched", "data": data}

    def _polled(self) -> Iterator[Message]:
        try:
            stats = self._rest.stats(self._project_id)
        except UnavailableError:
            return
        if not self._resuming.knows_version(self._state, stats["version"]):
            data = {"projectId": self._project_id, "stats": stats}
            yield {"m": "polled", "ch": self._state, "type": "polled", "data": data}

    def _expect_end(self, exp: str) -> None:
        left = datetime.fromisoformat(exp).timestamp() - self._world.clock()
        self._renew_at = self._world.clock() + max(left - _RENEW_SECONDS, left / 2, 1)

    def _renew(self, socket: Socket) -> None:
        """Show a new ticket before the login of the socket ends."""
        if 0 < self._renew_at <= self._world.clock():
            self._renew_at = self._world.clock() + _RENEW_SECONDS / 2
            socket.send(m="auth", ticket=self._rest.ticket()["ticket"])

    def _wait_after(self, lost: UnavailableError) -> float:
        """Return how long to wait; raise when coming back is no use."""
        self._renew_at = 0.0
        code = getattr(lost, "close_code", None)
        drain, self._drain_seconds = self._drain_seconds, 0.0
        if code in _FINAL or (code is None and not self._ever_live and not self._poll):
            raise lost
        if code == _NOT_SIGNED_IN:
            self._unwelcome += 1
            if self._unwelcome > 1:
                raise NotSignedInError(lost.detail) from lost
            return 0.0
        at_least = {_TOO_MUCH: _SLOW_SECONDS, _RESTARTING: drain}.get(code or 0, 0.0)
        return self._backoff.delay(at_least=at_least)

    def _refusal(self, message: Message) -> CelltallyError:
        if message["code"] == "revoked":
            return NotFoundError("you may not see this project any more", code="revoked")
        detail: Any = message.get("detail", message["code"])
        return NotFoundError(detail, code=message["code"])
