"""Who takes part in the benchmarks of the relay, and whether they can."""

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import click

from bench.relay_socketio import SocketIoStage
from bench.relay_stage import Contender

PEERS = Path(__file__).with_name("relay_peers")
_GUNICORN = (sys.executable, "-m", "gunicorn", "--no-control-socket", "--log-level", "warning")
_ADDRESS = ("-b", "{address}", "--backlog", "4096")
_NAIVE = "bench.relay_peers.naive_flask_sock:app()"
_REDIS = {"BENCH_REDIS": "{redis}"}

OURS = Contender(
    "celltally",
    [
        *(*_GUNICORN, "-c", "python:web.relay.gunicorn_config", "-w", "1"),
        *(*_ADDRESS, "bench.relay_app:app()"),
    ],
    ours=True,
)
NODE = Contender("Node ws", ["node", str(PEERS / "node_ws.mjs"), "{port}", "{redis_socket}"])
NODE_DEFLATE = Contender("Node ws with deflate", [*NODE.command, "deflate"])
WEBSOCKETS = Contender(
    "websockets broadcast",
    [sys.executable, "-m", "bench.relay_peers.websockets_broadcast", "{port}", "{redis}"],
)
SOCKETIO = Contender(
    "python-socketio",
    [sys.executable, "-m", "bench.relay_peers.socketio_manager", "{port}", "{redis}"],
    stage=SocketIoStage,
)
NAIVE_GEVENT = Contender(
    "naive flask-sock on gevent",
    [*_GUNICORN, "-k", "gevent", "--worker-connections", "12000", *_ADDRESS, _NAIVE],
    _REDIS,
)


def naive_threads(browsers: int) -> Contender:
    """Return flask-sock on gthread, with the thread that each socket takes."""
    threads = ["-k", "gthread", "--threads", str(browsers + 60)]
    return Contender(
        "naive flask-sock on gthread", [*_GUNICORN, *threads, *_ADDRESS, _NAIVE], _REDIS
    )


@cache
def node_is_here() -> bool:
    """Tell whether Node and its modules can be used; say on stderr what is missing."""
    missing = next((word for word in ("node", "npm") if shutil.which(word) is None), None)
    if missing is None and not (PEERS / "node_modules").exists():
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock"]
        if subprocess.run(command, cwd=PEERS, check=False).returncode:
            missing = "ws and redis of npm (npm install failed)"
    if missing is not None:
        click.echo(f"rows beside Node ws are left out: there is no {missing}", err=True)
    return missing is None
