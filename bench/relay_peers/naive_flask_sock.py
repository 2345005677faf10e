"""A peer: flask-sock as its manual has it, `ws.send` to one after the other.

gunicorn runs it with gthread or gevent. One Redis subscriber a process; the environment
names the server: BENCH_REDIS.
"""

import json
import os
from collections import defaultdict
from contextlib import suppress
from threading import Thread
from typing import Any

from flask import Flask
from flask_sock import Sock
from redis import Redis
from simple_websocket import ConnectionClosed

redis = Redis.from_url(
    os.environ["BENCH_REDIS"], protocol=2, socket_timeout=None, max_connections=10_000
)
watchers: dict[str, set[Any]] = defaultdict(set)


def app() -> Flask:
    """Return the application; its reader runs beside it."""
    flask = Flask(__name__)
    pubsub = redis.pubsub()
    pubsub.subscribe("bench:nobody")
    Thread(target=_read, args=(pubsub,), daemon=True).start()

    @Sock(flask).route("/ws")
    def enter(socket: Any) -> None:
        hello = json.loads(socket.receive())
        if redis.getdel(hello["ticket"]) is None:
            return
        new = [name for name in hello["names"] if name not in watchers]
        for name in hello["names"]:
            watchers[name].add(socket)
        if new:
            pubsub.subscribe(*new)
        socket.send('{"m":"welcome"}')
        with suppress(ConnectionClosed, OSError):
            socket.receive()
        for name in hello["names"]:
            watchers[name].discard(socket)

    return flask


def _read(pubsub: Any) -> None:
    for told in pubsub.listen():
        if told["type"] != "message":
            continue
        name = told["channel"].decode()
        epoch, offset, body = told["data"].decode().split(" ", 2)
        frame = f'{{"m":"pub","ch":"{name}","id":"{epoch}:{offset}",{body[1:]}'
        for socket in tuple(watchers[name]):
            with suppress(ConnectionClosed, OSError):
                socket.send(frame)
