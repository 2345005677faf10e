"""Keep the leases of live work, and give back the runs of what died (rules.md 20)."""

from collections.abc import Iterable, Mapping
from functools import partial
from uuid import UUID

from shared.database import moves, runs
from shared.database.engine import Database
from shared.database.transaction import Transaction
from shared.messaging.ports import TaskQueue


def renew_leases(tx: Transaction, *, worker: str, pids: list[int], lease_seconds: int) -> set[int]:
    """Lengthen the leases of what these children work at; return those that hold one."""
    return runs.renew_leases(tx.connection, worker=worker, pids=pids, lease_seconds=lease_seconds)


def hand_back(
    database: Database, queue: TaskQueue, *, worker: str, dead: Iterable[int]
) -> list[UUID]:
    """Give back at once the runs of children that are gone; return them."""
    values = {"worker": worker, "dead": list(dead)}
    return _release(
        database, queue, requeue=moves.REQUEUE_ORPHANED, fail=moves.FAIL_ORPHANED, values=values
    )


def reap_expired(database: Database, queue: TaskQueue) -> list[UUID]:
    """Give back the runs whose lease ran out: their worker is lost; return them."""
    return _release(
        database, queue, requeue=moves.REQUEUE_EXPIRED, fail=moves.FAIL_EXPIRED, values={}
    )


def _release(
    database: Database,
    queue: TaskQueue,
    *,
    requeue: str,
    fail: str,
    values: Mapping[str, object],
) -> list[UUID]:
    """Let those with attempts left wait again and the others fail, each in a transaction."""

    def moved(statement: str, tx: Transaction) -> list[UUID]:
        rows = tx.rows(statement, values)
        for project_id in {row["project_id"] for row in rows}:
            tx.after_commit(partial(queue.ask_recompute, project_id))
        return [row["id"] for row in rows]

    failed = database.transact(partial(moved, fail), single=True)
    waiting = database.transact(partial(moved, requeue), single=True)
    return failed + waiting
