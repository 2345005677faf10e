"""The stage for python-socketio: the same data, published and asked for in its own way."""

import json
from collections.abc import Sequence
from uuid import UUID

from socketio import RedisManager

from bench.relay_crowd import Visit
from bench.relay_stage import Stage

PATH = "/socket.io/?EIO=4&transport=websocket"


class SocketIoStage(Stage):
    """Publishes to rooms through the library's write-only manager."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._manager = RedisManager(self.redis_url, write_only=True)

    def publish_to_all(self) -> None:
        """Emit one message to the project's room."""
        data = self.news().model_dump(mode="json", by_alias=True, exclude_none=True)
        self._manager.emit("pub", data, room=self.keys.wake(self.project))

    def plain_visit(
        self, user: UUID, *, names: Sequence[str] | None = None, deflate: bool = False
    ) -> Visit:
        """Return a visit whose ticket and rooms go with the library's CONNECT packet."""
        names = [self.keys.wake(self.project)] if names is None else names
        connect = {"ticket": self.plain_ticket(user), "names": list(names)}
        hello = f"40{json.dumps(connect)}".encode()
        return Visit((hello,), b'42["welcome"', deflate, path=PATH)
