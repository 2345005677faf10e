"""How gunicorn runs the relay, one reason a line."""

# First of all: what is imported before it would keep sockets and locks that block every greenlet.
from gevent import monkey

monkey.patch_all()

import signal  # noqa: E402
from typing import TYPE_CHECKING, Any  # noqa: E402

import gevent  # noqa: E402

from shared.config import Settings  # noqa: E402
from web.relay.limits import Limits  # noqa: E402

if TYPE_CHECKING:
    from web.relay.relay import Relay

wsgi_app = "web.relay.wsgi:relay_app()"
bind = f"127.0.0.1:{Settings.from_environment().relay_port}"
# Threads would cost two for each socket, and twenty times the CPU of greenlets.
worker_class = "web.relay.worker.RelayWorker"
# One process a core is enough; WEB_CONCURRENCY says how many.
preload_app = False  # Connections to Redis and PostgreSQL must not be shared over a fork.
# Above our own limit, which answers 503; gunicorn would leave the rest waiting without a word.
worker_connections = Limits().sockets + 1000
backlog = 4096  # After a restart everybody comes back at once.
# Longer than the drain and the goodbyes, so that no socket ends without a word.
graceful_timeout = int(Limits().drain_seconds + Limits().closing_seconds) + 5
keepalive = 5


def post_worker_init(worker: Any) -> None:
    """On SIGTERM ask every socket to reconnect elsewhere, then let gunicorn end the worker."""
    relay = _relay_of(worker)
    relay.arrivals.trust(worker.cfg.forwarded_allow_ips)

    def drain_and_exit(signal_number: int, frame: Any) -> None:
        def run() -> None:
            relay.drain()
            worker.handle_exit(signal_number, frame)

        gevent.spawn(run)  # A signal handler must not wait.

    signal.signal(signal.SIGTERM, drain_and_exit)


def worker_int(worker: Any) -> None:
    """Leave in a hurry, but not without a word."""
    _relay_of(worker).drain(seconds=0)


def _relay_of(worker: Any) -> "Relay":
    relay: Relay = worker.wsgi.extensions["relay"]
    return relay
