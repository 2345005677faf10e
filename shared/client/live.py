"""The live updates of the relay, one socket."""

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

from shared.client.socket import PROTOCOL, Message, RelaySocket
from shared.domain.errors import UnavailableError

_ANSWER_SECONDS = 15.0


class LiveUpdates:
    """The messages of some channels, from the moment of subscribing on."""

    def __init__(self, url: str, *, ticket: str, channels: Sequence[str]) -> None:
        self._url = url
        self._socket = RelaySocket(url)
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
        self._socket.close()

    def updates(self, *, silence: float) -> Iterator[Message]:
        """Yield each `pub`; end when nothing at all came for *silence* seconds."""
        while (message := self._socket.receive(silence)) is not None:
            if message["m"] == "pub":
                yield message

    def _subscribe(self, ticket: str, channels: Sequence[str]) -> list[Message]:
        """Return the snapshots of those channels that have one."""
        self._socket.send(m="hello", ticket=ticket, proto=PROTOCOL)
        self._socket.send(m="sub", ref=1, subs=[{"ch": channel} for channel in channels])
        waiting, snapshots = set(channels), []
        while waiting:
            message = self._socket.receive(_ANSWER_SECONDS)
            if message is None or message["m"] == "error":
                told = "silence" if message is None else message["detail"]
                raise UnavailableError(f"the relay at {self._url} refused to subscribe: {told}")
            if message["m"] == "subbed" and message.get("ref") == 1:
                waiting.discard(message["ch"])
                if "snapshot" in message:
                    snapshots.append(message["snapshot"])
        return snapshots
