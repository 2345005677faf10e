"""What a project's counts cost does not grow with its images (S5): these are never looked at.

How long it takes with 10^4, 10^5 and 10^6 images is told by `make bench ONLY=stats`.
"""

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import Connection, text

from shared.database import stats
from tests.integration.lab import Lab

_READ = text(
    "SELECT seq_scan + coalesce(idx_scan, 0) FROM pg_stat_xact_user_tables WHERE relname = 'images'"
)


def scans_of_images(connection: Connection) -> int:
    """Return how often this transaction has looked into the table of images so far."""
    return connection.execute(_READ).scalar_one()


@pytest.mark.parametrize(
    "act",
    [
        stats.read_stats,
        lambda connection, project: stats.read_many(connection, [project]),
        stats.fold_deltas,
        stats.folded_row,
        stats.pace,
        lambda connection, _: stats.due_projects(connection),
    ],
    ids=["read", "read many", "fold", "folded", "pace", "sweep"],
)
def test_no_image_is_looked_at(lab: Lab, act: Callable[[Connection, UUID], object]) -> None:
    project = lab.project()
    lab.images(project, 5)

    with lab.database.engine.begin() as connection:  # Or they may be reported in between.
        before = scans_of_images(connection)
        act(connection, project)
        assert scans_of_images(connection) == before


def test_a_recount_does_look_at_them(lab: Lab) -> None:
    """So the test above can fail."""
    project = lab.project()

    with lab.database.engine.begin() as connection:  # Or they may be reported in between.
        before = scans_of_images(connection)
        stats.recount(connection, project)
        assert scans_of_images(connection) > before
