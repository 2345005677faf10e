"""What the web process is made of, given from outside."""

import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import BoundedSemaphore

from redis import Redis
from redis.exceptions import RedisError

from shared.config import Settings
from shared.database import images
from shared.database.engine import Database
from shared.editing import Editor
from shared.gathering import Gatherer
from shared.messaging.ports import TaskQueue, Tickets
from shared.messaging.producer import sending_queue
from shared.messaging.redis_connections import connect
from shared.messaging.tickets import RedisTickets
from shared.reading.inspector import Inspector
from shared.reading.tiles import Manifest
from shared.servers.addresses import limiter_url, server_urls
from shared.storage import Storage, open_storage
from shared.tiles import Source, TileStore, make_tiles
from web.tiling import TileMaker

#: Fewer than the threads that gunicorn gives this process: none keeps one while bytes come in.
DATABASE_CONNECTIONS = 8

#: Requests that bring bytes of uploads at a time, fewer than threads: slow senders must leave some
#: for all others.
RECEIVING_AT_ONCE = 16

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
    editor: Editor
    tile_maker: TileMaker
    gatherer: Gatherer
    tickets: Tickets
    redis_answers: Callable[[], bool]
    limits_storage: str = "memory://"  #: Where rate limits are counted.
    #: Places for requests that bring bytes of an upload.
    receiving: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(RECEIVING_AT_ONCE))

    @property
    def tiles(self) -> TileStore:
        """The tiles that are stored."""
        return TileStore(self.storage)

    @property
    def incoming(self) -> Path:
        """Where uploads lie while they come in: in the home, so that keeping one is a rename."""
        return incoming_of(self.settings)


def services_from(settings: Settings) -> Services:
    """Return the services of this process; call it after the fork, for none can be shared."""
    urls = server_urls(settings)
    redis = connect(urls.redis, command_timeout=1.0, retries=0, name="celltally-web")
    database = Database(urls.database, pool_size=DATABASE_CONNECTIONS, name="celltally-web")
    storage = open_storage(settings.file_storage_url)
    services = Services(
        settings=settings,
        database=database,
        storage=storage,
        queue=sending_queue(urls.redis),
        inspector=Inspector(),
        editor=Editor(),  # Started with the first edit.
        tile_maker=tile_maker(settings, database, storage),
        gatherer=Gatherer(storage),
        tickets=RedisTickets(redis),
        redis_answers=lambda: _answers(redis),
        limits_storage=limiter_url(urls.redis),
    )
    sweep_incoming(services.incoming)
    return services


def tile_maker(settings: Settings, database: Database, storage: Storage) -> TileMaker:
    """Return what makes the tiles of images that were never looked at."""

    def make(inspector: Inspector, source: Source) -> Manifest:
        def still_there() -> bool:
            with database.reading() as connection:
                return images.image(connection, source.image_id) is not None

        return make_tiles(
            storage,
            inspector,
            source,
            scratch=incoming_of(settings),
            max_pixels=settings.max_image_pixels,
            still_there=still_there,
        )

    return TileMaker(TileStore(storage), make)


def incoming_of(settings: Settings) -> Path:
    """Return the folder of what is on its way into storage."""
    return settings.absolute_home / "incoming"


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
