"""A forwarder of TCP that can fall silent, as a firewall does that drops without a word."""

import asyncio
from pathlib import Path
from threading import Thread

from shared.supervision.ports import LOCAL


class StallingProxy:
    """Listens on a port of this machine and forwards to a server's Unix socket."""

    def __init__(self, target: Path) -> None:
        self._target = str(target)
        self._loop = asyncio.new_event_loop()
        self._open: set[asyncio.Event] = set()  # Cleared when its connection has to be silent.
        self.connections = 0
        # In the thread from the first moment: the caller's may be in a loop of its own.
        self._thread = Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        starting = asyncio.start_server(self._serve, LOCAL, 0)
        self._server = asyncio.run_coroutine_threadsafe(starting, self._loop).result(timeout=10)
        self.port: int = self._server.sockets[0].getsockname()[1]

    def stall(self) -> None:
        """Forward no byte more of the connections that there are; new ones work."""
        self._loop.call_soon_threadsafe(lambda: [flowing.clear() for flowing in self._open])

    def close(self) -> None:
        """End all connections."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        flowing = asyncio.Event()
        flowing.set()
        self._open.add(flowing)
        far_reader, far_writer = await asyncio.open_unix_connection(self._target)
        try:
            await asyncio.gather(
                _forward(reader, far_writer, flowing), _forward(far_reader, writer, flowing)
            )
        except asyncio.CancelledError:  # By `close`.
            return
        finally:
            self._open.discard(flowing)
            for each in (writer, far_writer):
                each.close()


async def _forward(
    source: asyncio.StreamReader, target: asyncio.StreamWriter, flowing: asyncio.Event
) -> None:
    try:
        while data := await source.read(1 << 16):
            await flowing.wait()
            target.write(data)
            await target.drain()
        # A silent network does not tell either that the other side hung up.
        await flowing.wait()
        target.close()
    except OSError:
        target.close()
