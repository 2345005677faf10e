"""The outbox's publisher: woken by PostgreSQL, else each second."""

from psycopg import OperationalError
from structlog import get_logger

from shared.actions.publish_outbox import BATCH, publish_outbox
from shared.database.connection import Connection
from shared.database.engine import Database, plain_url
from shared.latch import Latch
from shared.messaging.ports import EventPublisher, TaskQueue

logger = get_logger(__name__)

#: Told by whoever leaves an order for relays.
ORDERS = "celltally_orders"

#: Messages that come closer together than this leave together …
GATHER_SECONDS = 0.05

#: … and longer apart while there are so many: nobody can follow each.
FLOOD, FLOOD_SECONDS = 10, 0.25

#: How long the publisher sleeps without being woken.
SLEEP_SECONDS = 1.0


def publish_for_ever(
    database: Database, publisher: EventPublisher, queue: TaskQueue, stopping: Latch
) -> None:
    """Publish until told to stop; what fails now is published at the next try."""
    while not stopping.is_set():
        try:
            with Connection.connect(plain_url(database.url), autocommit=True) as listener:
                listener.execute("LISTEN celltally_outbox")
                listener.execute(f"LISTEN {ORDERS}")
                _publish_when_woken(listener, database, publisher, queue, stopping)
        except Exception as problem:
            if not isinstance(problem, OperationalError):
                logger.exception("publishing failed; trying again")
            stopping.wait(SLEEP_SECONDS)


def _publish_when_woken(
    listener: Connection,
    database: Database,
    publisher: EventPublisher,
    queue: TaskQueue,
    stopping: Latch,
) -> None:
    while not stopping.is_set():
        while (published := publish_outbox(database, publisher, queue)) >= BATCH:
            pass
        # All that came at once are one waking: to sleep after each, the publisher fell ever further
        # behind.
        woken = list(listener.notifies(timeout=SLEEP_SECONDS, stop_after=1))
        if not woken:
            listener.execute("SELECT 1")  # A link that swallows everything is silent, too.
        elif not any(notice.channel == ORDERS for notice in woken):
            _gather(listener, GATHER_SECONDS if published < FLOOD else FLOOD_SECONDS)


def _gather(listener: Connection, seconds: float) -> None:
    """Let more messages come together, unless one is an order for relays."""
    for notice in listener.notifies(timeout=seconds):
        if notice.channel == ORDERS:
            return
