"""Who holds which run: renewing leases, and asking whether a run is still the asker's."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import Connection, text

from shared.domain.runs import ClaimedRun

# Locked in the order of ids, as everywhere. A run is renewed for the child that claimed it
# alone: the same message may have been delivered to another one meanwhile.
_RENEW = text(
    """
WITH mine AS (
    SELECT r.id, h.done, h.total FROM runs AS r
    JOIN unnest(CAST(:pids AS int[]), CAST(:runs AS uuid[]),
                CAST(:done AS int[]), CAST(:total AS int[])) AS h(pid, id, done, total)
    USING (pid, id)
    WHERE r.worker = :worker AND r.status = 'running' ORDER BY r.id FOR UPDATE OF r
)
UPDATE runs AS r
SET lease_until = clock_timestamp() + make_interval(secs => :lease_seconds),
    tiles_done = coalesce(mine.done, r.tiles_done),
    tiles_total = coalesce(mine.total, r.tiles_total)
FROM mine WHERE r.id = mine.id RETURNING r.pid, r.id
"""
)

_IS_HELD = text(
    "SELECT EXISTS (SELECT FROM runs WHERE id = :id AND token = :token AND status = 'running')"
)

_HAS_RESULT = text(
    "SELECT EXISTS (SELECT FROM runs WHERE id = :id AND result_path = :path"
    " AND status = 'succeeded')"
)

_CLAIMANTS = text("SELECT DISTINCT pid FROM runs WHERE worker = :worker AND status = 'running'")


#: How many tiles of an image are done, of how many.
Progress: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Holding:
    """A child process and the run that it carries out."""

    pid: int
    run_id: UUID


def renew(
    connection: Connection,
    *,
    worker: str,
    holdings: Collection[Holding],
    lease_seconds: int,
    progress: Mapping[int, Progress],
) -> set[Holding]:
    """Lengthen the leases of those of the *holdings* that still are; return these.

    Of children whose *progress* is known, by pid, that is written down as well.
    """
    told = [progress.get(holding.pid, (None, None)) for holding in holdings]
    values = {
        "worker": worker,
        "pids": [holding.pid for holding in holdings],
        "runs": [holding.run_id for holding in holdings],
        "done": [done for done, _ in told],
        "total": [total for _, total in told],
        "lease_seconds": lease_seconds,
    }
    return {Holding(row.pid, row.id) for row in connection.execute(_RENEW, values)}


def claimants(connection: Connection, worker: str) -> set[int]:
    """Return the children that claimed the worker's runs."""
    return set(connection.execute(_CLAIMANTS, {"worker": worker}).scalars())


def is_held(connection: Connection, run: ClaimedRun) -> bool:
    """Tell whether the claim still gives the right to write the run's outcome."""
    return bool(connection.execute(_IS_HELD, {"id": run.id, "token": run.token}).scalar_one())


def has_result(connection: Connection, run_id: UUID, path: str) -> bool:
    """Tell whether the run succeeded with the result stored at *path*."""
    return bool(connection.execute(_HAS_RESULT, {"id": run_id, "path": path}).scalar_one())
