"""The embedded Valkey, which speaks the protocol of Redis."""

import os
import signal
from pathlib import Path

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from shared.servers.binaries import valkey_server
from shared.servers.places import VALKEY_SOCKET, make_private_folder, run_folder, socket_folder
from shared.servers.program import ServerProgram
from shared.servers.versions import require_same_major

MAJOR = "9"
_UPGRADE = "remove the folder; what it held is made again from PostgreSQL"


class ValkeyServer:
    """Valkey on the data of one home; the home's lock must be held."""

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self._home = home
        self._durable = durable
        self._data = home / "valkey"
        self.program = ServerProgram(
            "Valkey",
            program="valkey-server",
            folder=self._data,
            log=home / "log" / "valkey.log",
            gentle=signal.SIGTERM,  # Writes the rest of its log of changes, then exits.
        )

    @property
    def url(self) -> str:
        """The address, as redis-py writes it."""
        return f"unix://{self._socket}?db=0"

    def start(self) -> None:
        """Start it on our data, and return when it answers."""
        make_private_folder(self._data)
        self.program.end_orphans(grace=15)
        require_same_major(
            self._data / "VALKEY_VERSION", server="Valkey", major=MAJOR, remedy=_UPGRADE
        )
        self._socket.unlink(missing_ok=True)
        self.program.start([str(valkey_server()), str(self._write_configuration())])
        self.program.wait_until(self._answers, within=60)

    def stop(self) -> None:
        """Stop it; with durable data nothing is lost."""
        self.program.stop(grace=15)

    @property
    def _socket(self) -> Path:
        return socket_folder(self._home) / VALKEY_SOCKET

    def _write_configuration(self) -> Path:
        lines = [
            "port 0",  # The socket is the only way in.
            f"unixsocket {_quoted(self._socket)}",
            "unixsocketperm 700",
            f"dir {_quoted(self._data)}",
            'save ""',  # The log of changes alone is enough.
            f"appendonly {'yes' if self._durable else 'no'}",
            "appendfsync everysec",  # PostgreSQL can rebuild the queue: a second may be lost.
            "maxmemory-policy noeviction",  # A queue must refuse, never forget.
            "daemonize no",
        ]
        path = make_private_folder(run_folder(self._home)) / "valkey.conf"
        path.write_text("".join(f"{line}\n" for line in lines))
        return path

    def _answers(self) -> bool:
        with Redis(
            unix_socket_path=str(self._socket), socket_timeout=5, retry=Retry(NoBackoff(), 0)
        ) as client:
            try:
                return bool(client.ping())
            except RedisError:
                return False


def _quoted(path: Path) -> str:
    text = os.fspath(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
