"""What the tasks of one process work with, built once and after the fork."""

from dataclasses import dataclass
from functools import cache

from shared.config import Settings
from shared.database.engine import Database
from shared.domain.provenance import Environment
from shared.messaging.celery_queue import CeleryTaskQueue
from shared.messaging.ports import EventPublisher
from shared.messaging.producer import sending_queue
from shared.messaging.redis_connections import connect
from shared.messaging.redis_events import RedisEventPublisher
from shared.reading.inspector import Inspector
from shared.servers.addresses import server_urls
from shared.storage import Storage, open_storage
from worker.engines.registry import WarmEngines
from worker.environment import environment
from worker.turns import FreeTurns, Turns, shared_turns


@dataclass(frozen=True, slots=True)
class Services:
    """Everything outside the process, and the engines kept warm inside it."""

    settings: Settings
    database: Database
    storage: Storage
    queue: CeleryTaskQueue
    publisher: EventPublisher
    engines: WarmEngines
    turns: Turns | FreeTurns
    environment: Environment
    inspector: Inspector


@cache
def services() -> Services:
    """Return this process's services.

    Only a child (or a solo worker) may call it: connections made before the fork would be
    shared by all children.
    """
    settings = Settings.from_environment()
    urls = server_urls(settings)
    redis = connect(urls.redis, name="celltally-worker")
    return Services(
        settings=settings,
        database=Database(urls.database, pool_size=2, name="celltally-worker"),
        storage=open_storage(settings.file_storage_url),
        # What it sends are hints: a run must not wait for a Redis that hangs.
        queue=sending_queue(urls.redis),
        publisher=RedisEventPublisher(redis),
        engines=WarmEngines(),
        turns=shared_turns(),
        environment=environment(),
        inspector=Inspector(children=1),  # Started with the first archive.
    )
