"""Fill the window of Redis fairly; find what was lost on the way (rules.md 23 and 24)."""

import logging
from functools import partial

from sqlalchemy import text

from shared.database import dispatching
from shared.database.dispatching import UnclaimedRun
from shared.database.engine import Database
from shared.database.transaction import Transaction
from shared.domain.runs import DispatchedRun
from shared.messaging.ports import HeldByBroker, TaskQueue
from shared.pausing import pause

logger = logging.getLogger(__name__)

# Two dispatchers at once would both see the same free places.
_ALONE = text("SELECT pg_try_advisory_xact_lock(4770003)")

#: A message that nobody claimed for this long is looked for in the broker.
LOST_AFTER_SECONDS = 10


#: A worker claims at once what it takes: what it has not claimed by then was lost with it.
LOST_IN_HAND_SECONDS = 20


def dispatch(database: Database, queue: TaskQueue, *, oldest_first: bool = False) -> int:
    """Send the next runs, as many as there are free places; return how many were sent.

    A place is taken before the message is sent. When sending fails the places are given back; a
    crash in between is found by `recover_lost`. Once in a while the *oldest* must go *first*, or
    a user's urgent runs might keep the same user's others waiting for ever.
    """
    taken = database.transact(partial(_take, oldest_first=oldest_first))
    if not taken:
        return 0
    try:
        queue.send_segments(taken)
    except Exception:
        logger.exception("the broker refused %d runs; they wait in PostgreSQL", len(taken))
        ids = [run.run_id for run in taken]
        database.transact(lambda tx: dispatching.forget_dispatch(tx.connection, ids))
        return 0
    return len(taken)


def recover_lost(database: Database, queue: TaskQueue) -> int:
    """Let runs be dispatched again whose message was lost; a double is harmless."""
    with database.reading() as connection:
        unclaimed = dispatching.unclaimed(connection, seconds=LOST_AFTER_SECONDS)
    if not unclaimed:
        return 0
    held = queue.held_by_broker({run.queue for run in unclaimed})
    lost = [run.id for run in unclaimed if _is_lost(run, held)]
    if not lost:
        return 0
    logger.warning("the messages of %d runs were lost; dispatching them again", len(lost))
    return database.transact(lambda tx: dispatching.forget_dispatch(tx.connection, lost))


def _is_lost(run: UnclaimedRun, held: HeldByBroker) -> bool:
    if run.overdue:
        return True
    if run.id in held.waiting:
        return False
    return run.id not in held.taken or run.seconds > LOST_IN_HAND_SECONDS


def _take(tx: Transaction, *, oldest_first: bool) -> list[DispatchedRun]:
    if not tx.execute(_ALONE).scalar():
        return []
    taken = [
        run
        for name, free in dispatching.free_places(tx.connection).items()
        if free > 0
        for run in dispatching.take_next(tx.connection, name, free, oldest_first=oldest_first)
    ]
    pause("dispatch.taken")
    return taken
