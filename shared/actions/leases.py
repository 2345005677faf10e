"""Keep the leases of live work, and give back the runs of what died or stops (rules.md 20)."""

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from shared.database import leases, moves
from shared.database.engine import Database
from shared.database.leases import Holding, Progress
from shared.database.transaction import Transaction


def renew_leases(
    tx: Transaction,
    *,
    worker: str,
    holdings: Collection[Holding],
    lease_seconds: int,
    progress: Mapping[int, Progress] | None = None,
) -> set[Holding]:
    """Lengthen the leases of what these children work at; return what is still theirs.

    *progress* is how far each child is, by its pid.
    """
    return leases.renew(
        tx.connection,
        worker=worker,
        holdings=holdings,
        lease_seconds=lease_seconds,
        progress=progress or {},
    )


def hand_back(database: Database, *, worker: str, dead: Iterable[int]) -> list[UUID]:
    """Give back at once the runs of children that are gone; return them."""
    values = {"worker": worker, "dead": list(dead)}
    return _moved(database, moves.FAIL_ORPHANED, values) + _moved(
        database, moves.REQUEUE_ORPHANED, values
    )


def time_out(database: Database, *, worker: str, runs: Iterable[UUID]) -> list[UUID]:
    """Give back the runs whose child was ended at the hard time limit; return them."""
    values = {"worker": worker, "runs": list(runs)}
    return _moved(database, moves.FAIL_TIMED_OUT, values) + _moved(
        database, moves.REQUEUE_TIMED_OUT, values
    )


def release(database: Database, *, worker: str, runs: Iterable[UUID]) -> list[UUID]:
    """Give back runs that the worker broke off because it stops; no attempt is used up."""
    values = {"worker": worker, "runs": list(runs)}
    return _moved(database, moves.RELEASE_ENDED, values)


def release_all(database: Database, *, worker: str) -> list[UUID]:
    """Give back whatever the worker still holds at its end; no attempt is used up."""
    return _moved(database, moves.RELEASE_WORKER, {"worker": worker})


def reap_expired(database: Database) -> list[UUID]:
    """Give back the runs whose lease ran out: their worker is lost; return them."""
    return _moved(database, moves.FAIL_EXPIRED, {}) + _moved(database, moves.REQUEUE_EXPIRED, {})


def _moved(database: Database, statement: str, values: Mapping[str, object]) -> list[UUID]:
    """Make the move, a transaction of its own; return the runs it moved."""
    return database.transact(
        lambda tx: [row["id"] for row in tx.rows(statement, values)], single=True
    )
