"""Counts that change all the time are announced four times a second at most (R1, rules.md 7)."""

import time
from datetime import timedelta
from itertools import pairwise

import pytest

from shared.database.cancelling import Scope
from tests.integration.interleaving import until
from tests.integration.runs.fleet import SECONDS, Fleet
from worker.recounting import STATS_INTERVAL

pytestmark = pytest.mark.xdist_group("real workers")

LOAD_SECONDS = 3  #: Longer on a machine that folds too seldom in that time.
FOLDS = 3


def test_a_steady_stream_of_changes_is_folded_at_intervals_and_ends_exact(fleet: Fleet) -> None:
    lab = fleet.lab
    project = lab.project()
    [image] = lab.images(project)
    folds = set()

    begun = time.monotonic()
    while time.monotonic() < begun + LOAD_SECONDS or len(folds - {None}) < FOLDS:
        assert time.monotonic() < begun + SECONDS, "the counts are hardly ever folded"
        lab.segment(project, [image], engine="gated")
        folds.add(lab.value("SELECT folded_at FROM project_stats"))
        lab.cancel(Scope.IMAGE, image)

    until(lambda: lab.deltas(project) == [], seconds=SECONDS)
    until(
        lambda: lab.value("SELECT version = published_version FROM project_stats"), seconds=SECONDS
    )
    in_order = sorted(folds - {None})
    gaps = [later - earlier for earlier, later in pairwise(in_order)]
    assert min(gaps) >= timedelta(seconds=STATS_INTERVAL)
    assert lab.is_exact(project)
