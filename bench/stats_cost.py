"""`stats.update_1e6`, `stats.read_1e6`: what a project's counts cost, however large it is.

An update is what one change of one image costs from start to finish: the transaction that
changes the row, with the trigger that appends the delta, and the recompute that folds it, with
everything but the network. A read is the statement behind every answer that shows counts, with
some deltas not folded yet, as it is under load.
"""

import time
from collections.abc import Callable, Iterator
from itertools import cycle
from uuid import UUID

from sqlalchemy import text

from bench.measurement import Measurement
from bench.rounds import Scale, interleaved
from bench.rows import insert_images, insert_project, settle
from bench.servers import bench_servers
from bench.silence import Silence
from shared.actions.recompute_stats import recompute_stats
from shared.database import stats
from shared.database.engine import Database
from shared.database.transaction import Transaction

NAMES = ("stats.update_1e6", "stats.update_1e5", "stats.read_1e6")

_SIZES = (10_000, 100_000, 1_000_000)
_UPDATES = 200  # In a round.
_READS = 200
_UNFOLDED = 20

_CHANGE = text(
    """
UPDATE images SET status_version = status_version + 1,
       status = CASE status WHEN 'uploaded' THEN 'queued' ELSE 'uploaded' END
WHERE id = :id
"""
)

_GROUP_BY = text(
    "SELECT status, count(*), sum(object_count) FROM images"
    " WHERE project_id = :project_id GROUP BY status"
)


class SizedProject:
    """A project of so many images, and what is timed on it; figures are milliseconds."""

    def __init__(self, database: Database, images: int, scale: Scale) -> None:
        self._database = database
        self._scale = scale
        self.id, _ = insert_project(database)
        ids = insert_images(database, self.id, images)
        # From all over the table, each again only after all the others.
        self._next = cycle(ids[:: max(1, len(ids) // 1000)])
        recompute_stats(database, Silence(), self.id)

    def update(self) -> float:
        """Change one image after the other, each followed by its recompute."""

        def change_and_fold() -> None:
            self.change()
            recompute_stats(self._database, Silence(), self.id)

        return _milliseconds(self._scale.of(_UPDATES), change_and_fold)

    def change(self) -> None:
        """Change the status of one image."""
        image_id: UUID = next(self._next)

        def action(tx: Transaction) -> None:
            tx.execute(_CHANGE, {"id": image_id})

        self._database.transact(action, operation="segmentation_queued")

    def read(self) -> float:
        """Read the counts as every answer does."""
        with self._database.reading() as connection:
            return _milliseconds(
                self._scale.of(_READS), lambda: stats.read_stats(connection, self.id)
            )

    def count(self) -> float:
        """Count the rows, which is what the peer does."""
        with self._database.reading() as connection:
            values = {"project_id": self.id}
            return _milliseconds(3, lambda: connection.execute(_GROUP_BY, values).all())


def run(scale: Scale) -> Iterator[Measurement]:
    """Measure updates at each size, then reads at the largest."""
    with bench_servers() as bench:
        small, middle, large = (
            SizedProject(bench.database, scale.of(size), scale) for size in _SIZES
        )
        settle(bench.database, "images", "stats_deltas", "project_stats")
        at_1e4, at_1e5, at_1e6 = interleaved(scale, small.update, middle.update, large.update)
        peer = "the same at 10^4 images"
        yield Measurement("stats.update_1e6", at_1e6, "ms", peer, at_1e4)
        yield Measurement("stats.update_1e5", at_1e5, "ms", peer, at_1e4)
        for _ in range(_UNFOLDED):
            large.change()
        read, count = interleaved(scale, large.read, large.count)
        yield Measurement("stats.read_1e6", read, "ms", "GROUP BY on the same rows", count)


def _milliseconds(times: int, act: Callable[[], object]) -> float:
    """Return how long *act* takes, the mean of so many *times*."""
    began = time.perf_counter()
    for _ in range(times):
        act()
    return 1000 * (time.perf_counter() - began) / times
