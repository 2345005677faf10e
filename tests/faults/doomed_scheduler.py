"""A scheduler that is killed between taking places for runs and sending their messages."""

import os
import signal
from collections.abc import Sequence
from typing import Any

from shared.config import Settings
from shared.database.engine import Database
from shared.domain.runs import DispatchedRun
from shared.latch import Latch
from shared.messaging.producer import sending_queue
from shared.messaging.redis_connections import connect
from shared.messaging.redis_events import RedisEventPublisher
from shared.scheduling import Scheduler, run
from shared.servers.addresses import server_urls
from shared.storage import open_storage


class LastQueue:
    """Does everything but send runs: then the process is killed."""

    def __init__(self, queue: Any) -> None:
        self._queue = queue

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)

    def send_segments(self, dispatched: Sequence[DispatchedRun]) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Run as the real one does."""
    settings = Settings.from_environment()
    urls = server_urls(settings)
    scheduler = Scheduler(
        database=Database(urls.database, pool_size=3, name="celltally-scheduler"),
        queue=LastQueue(sending_queue(urls.redis, breaker=False)),
        publisher=RedisEventPublisher(connect(urls.redis, name="celltally-scheduler")),
        storage=open_storage(settings.file_storage_url),
    )
    run(scheduler, Latch())


if __name__ == "__main__":
    main()
