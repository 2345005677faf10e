"""Send exports to workers, give back those of lost ones, and forget those that are old."""

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from uuid import UUID

from sqlalchemy.engine import RowMapping

from shared.actions.exports import tell_export
from shared.database import export_moves, exports, runs
from shared.database.engine import Database
from shared.database.transaction import Transaction
from shared.domain.exports import EXPORT_SENTENCES, ExportFailure
from shared.messaging.ports import TaskQueue

logger = logging.getLogger(__name__)

LOST = "The worker stopped in the middle of it. It begins again in a moment."
STOPPED = "The worker was stopped. It begins again in a moment."
GIVEN_UP = EXPORT_SENTENCES[ExportFailure.WORKER_LOST]


def dispatch_exports(database: Database, queue: TaskQueue) -> int:
    """Send the next exports to workers; return how many were sent.

    When the broker does not take them they wait in PostgreSQL, as after a crash in between.
    """
    taken = database.transact(lambda tx: export_moves.take_next(tx.connection))
    if not taken:
        return 0
    try:
        queue.send_exports(taken)
    except Exception:
        logger.exception("the broker refused %d exports; they wait in PostgreSQL", len(taken))
        database.transact(lambda tx: export_moves.forget_dispatch(tx.connection, taken))
        return 0
    return len(taken)


def watch_exports(database: Database) -> list[UUID]:
    """Give back the exports whose worker is lost, or whose message is; return the former."""
    given = _give_back(
        database, lambda tx: export_moves.give_back_expired(tx.connection, LOST, GIVEN_UP)
    )
    database.transact(lambda tx: export_moves.forget_lost(tx.connection))
    return given


def keep_exports(
    database: Database, *, worker: str, pids: Collection[int], lease_seconds: int
) -> None:
    """Keep the leases of what these children write, so that none needs to ask while it writes."""
    if pids:
        database.transact(
            lambda tx: exports.renew_leases(tx.connection, worker, pids, lease_seconds)
        )


def hand_back_exports(database: Database, *, worker: str, dead: Iterable[int]) -> list[UUID]:
    """Give back at once the exports of children that are gone; return them."""
    gone = list(dead)
    return _give_back(
        database,
        lambda tx: export_moves.give_back_orphaned(tx.connection, worker, gone, LOST, GIVEN_UP),
    )


def release_exports(database: Database, *, worker: str) -> list[UUID]:
    """Give back what a worker is at when it stops; no attempt is used up."""
    return _give_back(database, lambda tx: export_moves.release(tx.connection, worker, STOPPED))


def forget_old_exports(database: Database) -> int:
    """Delete the exports that were kept for long enough; the janitor takes their files."""
    return database.transact(lambda tx: export_moves.delete_expired(tx.connection))


def _give_back(
    database: Database, move: Callable[[Transaction], Sequence[RowMapping]]
) -> list[UUID]:
    def give(tx: Transaction) -> list[UUID]:
        rows = move(tx)
        for row in rows:
            tell_export(tx, row)
        if rows:
            runs.wake_scheduler(tx.connection)
        return [row["id"] for row in rows]

    return database.transact(give)
