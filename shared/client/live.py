"""The live updates of the relay, one socket."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from threading import Thread
from types import TracebackType
from typing import Any, Self

from simple_websocket import Client, ConnectionClosed
from simple_websocket import ConnectionError as NotConnectedError

from shared.domain.errors import UnavailableError

Message = dict[str, Any]
_ANSWER_SECONDS = 15.0


class LiveUpdates:
    """The messages of some channels, from the moment of subscribing on."""

    def __init__(self, url: str, *, ticket: str, channels: Sequence[str]) -> None:
        self._url = url
        try:
            # Its reader must not keep a program alive that wants to end.
            self._socket = Client(url, thread_class=partial(Thread, daemon=True))
        except (OSError, NotConnectedError) as failure:
            raise UnavailableError(
                f"the relay at {url} does not answer ({failure}): start `celltally up`"
            ) from failure
        try:
            self.snapshots = self._subscribe(ticket, channels)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Say goodbye."""
        with suppress(ConnectionClosed, OSError):
            self._socket.close()

    def updates(self, *, silence: float) -> Iterator[Message]:
        """Yield each `pub`; end when none came for *silence* seconds."""
        while (message := self._receive(silence)) is not None:
            if message["m"] == "pub":
                yield message

    def _subscribe(self, ticket: str, channels: Sequence[str]) -> list[Message]:
        """Return the snapshots of those channels that have one."""
        self._send(m="hello", ticket=ticket, proto=1)
        self._send(m="sub", ref=1, subs=[{"ch": channel} for channel in channels])
        waiting, snapshots = set(channels), []
        while waiting:
            message = self._receive(_ANSWER_SECONDS)
            if message is None or message["m"] == "error":
                told = "silence" if message is None else message["detail"]
                raise UnavailableError(f"the relay at {self._url} refused to subscribe: {told}")
            if message["m"] == "subbed" and message.get("ref") == 1:
                waiting.discard(message["ch"])
                if "snapshot" in message:
                    snapshots.append(message["snapshot"])
        return snapshots

    def _send(self, **message: object) -> None:
        try:
            self._socket.send(json.dumps(message))
        except (ConnectionClosed, OSError) as closed:
            raise self._lost(closed) from closed

    def _receive(self, seconds: float) -> Message | None:
        """Return the next message that is not a ping; None when none came in time."""
        while True:
            try:
                text = self._socket.receive(timeout=seconds)
            except ConnectionClosed as closed:
                raise self._lost(closed) from closed
            if text is None:
                return None
            message: Message = json.loads(text)
            if message["m"] != "ping":
                return message
            self._send(m="pong")

    def _lost(self, closed: Exception) -> UnavailableError:
        return UnavailableError(f"the relay at {self._url} closed the connection ({closed})")
