"""A peer: the `websockets` library with its `broadcast`, one Redis subscriber a process.

Arguments: port, Redis URL. It speaks the protocol of node_ws.mjs.
"""

import asyncio
import json
import sys
from collections import defaultdict
from contextlib import suppress

from redis.asyncio import Redis
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed


async def main(port: int, redis_url: str) -> None:
    """Serve until killed."""
    redis = Redis.from_url(redis_url, protocol=2, max_connections=10_000, socket_timeout=None)
    pubsub = redis.pubsub()
    await pubsub.subscribe("bench:nobody")
    watchers: dict[str, set[ServerConnection]] = defaultdict(set)

    async def enter(socket: ServerConnection) -> None:
        hello = json.loads(await socket.recv())
        if await redis.getdel(hello["ticket"]) is None:
            await socket.close(4401)
            return
        new = [name for name in hello["names"] if name not in watchers]
        for name in hello["names"]:
            watchers[name].add(socket)
        if new:
            await pubsub.subscribe(*new)
        await socket.send('{"m":"welcome"}')
        with suppress(ConnectionClosed):
            await socket.recv()
        for name in hello["names"]:
            watchers[name].discard(socket)

    async with serve(enter, "127.0.0.1", port, compression=None, ping_interval=None, backlog=4096):
        async for told in pubsub.listen():
            if told["type"] == "message":
                name = told["channel"].decode()
                epoch, offset, body = told["data"].decode().split(" ", 2)
                head = f'{{"m":"pub","ch":"{name}","id":"{epoch}:{offset}",'
                broadcast(watchers[name], head + body[1:])


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
