"""What the web process is made of, given from outside."""

import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from shared.config import Settings
from shared.database.engine import Database
from shared.messaging.ports import TaskQueue, Tickets
from shared.messaging.producer import sending_queue
from shared.messaging.redis_connections import connect
from shared.messaging.tickets import RedisTickets
from shared.reading.inspector import Inspector
from shared.servers.addresses import limiter_url, server_urls
from shared.storage import Storage, open_storage

#: As many as the threads that gunicorn gives this process; see docs/architecture.md.
DATABASE_CONNECTIONS = 8

#: A request that came in longer ago than this is over; what it left is litter.
LITTER_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything outside the process that a request may touch."""

    settings: Settings
    database: Database
    storage: Storage
    queue: TaskQueue
    inspector: Inspector
    tickets: Tickets
    redis_answers: Callable[[], bool]
    limits_storage: str = "memory://"  #: Where rate limits are counted.

    @property
    def incoming(self) -> Path:
        """Where uploads lie while they come in: in the home, so that keeping one is a rename."""
        return self.settings.absolute_home / "incoming"


def services_from(settings: Settings) -> Services:
    """Return the services of this process; call it after the fork, for none can be shared."""
    urls = server_urls(settings)
    redis = connect(urls.redis, command_timeout=1.0, retries=0, name="celltally-web")
    services = Services(
        settings=settings,
        database=Database(urls.database, pool_size=DATABASE_CONNECTIONS, name="celltally-web"),
        storage=open_storage(settings.file_storage_url),
        queue=sending_queue(urls.redis),
        inspector=Inspector(),
        tickets=RedisTickets(redis),
        redis_answers=lambda: _answers(redis),
        limits_storage=limiter_url(urls.redis),
    )
    sweep_incoming(services.incoming)
    return services


def sweep_incoming(folder: Path) -> None:
    """Make the folder, and remove what killed processes left in it."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.iterdir():
        with suppress(OSError):  # Another process may be sweeping too.
            if left.stat().st_mtime < time.time() - LITTER_SECONDS:
                shutil.rmtree(left) if left.is_dir() else left.unlink()


def _answers(redis: Redis) -> bool:
    try:
        return bool(redis.ping())
    except RedisError:
        return False
