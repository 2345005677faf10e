"""A peer: python-socketio on uvicorn with its Redis manager. Arguments: port, Redis URL."""

import sys
from typing import Any

import uvicorn
from redis.asyncio import Redis
from socketio import ASGIApp, AsyncRedisManager, AsyncServer

#: All come at once, and redis-py refuses the hundred and first command that waits; it also
#: takes five seconds without a message for a broken link, and the manager loses what comes then.
_MANY: dict[str, Any] = {"max_connections": 10_000, "socket_timeout": None}


def main(port: int, redis_url: str) -> None:
    """Serve until ended; who connects says a ticket and the rooms to join."""
    server = AsyncServer(
        async_mode="asgi",
        client_manager=AsyncRedisManager(redis_url, redis_options=_MANY),
        transports=["websocket"],
        always_connect=True,  # Else the welcome would come before the library's own answer.
    )
    redis = Redis.from_url(redis_url, **_MANY)

    @server.event  # type: ignore[untyped-decorator]
    async def connect(sid: str, _environ: dict[str, Any], auth: dict[str, Any]) -> bool:
        if await redis.getdel(auth["ticket"]) is None:
            return False
        for name in auth["names"]:
            await server.enter_room(sid, name)
        await server.emit("welcome", to=sid)
        return True

    uvicorn.run(
        ASGIApp(server),
        host="127.0.0.1",
        port=port,
        backlog=4096,
        log_level="warning",
        ws_per_message_deflate=False,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
