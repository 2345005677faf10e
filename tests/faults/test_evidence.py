"""The harness notices what it is there to notice: a row that cannot fail would prove nothing."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from shared.actions.delete_project import delete_project
from tests.faults.examining import examine
from tests.faults.journal import OVERLAPPED, Journal, Pen
from tests.faults.ledger import Entry, total
from tests.faults.plant import ROOT, Album, Plant

pytestmark = pytest.mark.xdist_group("faults")

#: Another process that begins image 7.
_BEGIN = """
import pathlib, sys
from tests.faults.journal import Pen
Pen(pathlib.Path(sys.argv[1])).begin(7)
"""


def begin_elsewhere(folder: Path) -> None:
    subprocess.run([sys.executable, "-c", _BEGIN, str(folder)], check=True, cwd=ROOT)


def test_an_image_begun_beside_a_living_execution_is_noted(tmp_path: Path) -> None:
    assert Pen(tmp_path).begin(7) == 1

    begin_elsewhere(tmp_path)

    [line] = Journal(tmp_path).of(7, OVERLAPPED)
    assert line.image == 7


def test_an_image_begun_again_after_a_death_is_no_overlap(tmp_path: Path) -> None:
    begin_elsewhere(tmp_path)  # It ends without a word, as the killed do.

    assert Pen(tmp_path).begin(7) == 2
    assert Journal(tmp_path).of(7, OVERLAPPED) == []


@pytest.fixture
def done(plant: Plant) -> Album:
    album = plant.segmenting(2)
    entry = Entry("", "nothing broken")
    examine(plant, entry, album)
    assert entry.passed
    return album


def break_and_examine(plant: Plant, album: Album, statement: str) -> Entry:
    """Change rows behind the back of all actions; forget the project afterwards."""
    values = {"p": album.project, "owner": album.owner, "image": min(album.images)}
    plant.lab.database.transact(lambda tx: tx.execute(text(statement), values))
    entry = Entry("", "broken")
    examine(plant, entry, album)
    delete_project(plant.lab.database, plant.lab.queue, album.project)
    return entry


def test_a_completion_counted_twice_is_double(plant: Plant, done: Album) -> None:
    statement = """
        UPDATE activity_buckets SET completions = completions + 1 WHERE ctid =
        (SELECT ctid FROM activity_buckets WHERE user_id = :owner AND completions > 0 LIMIT 1)
    """

    assert break_and_examine(plant, done, statement).double == 1


def test_an_image_that_is_gone_is_lost(plant: Plant, done: Album) -> None:
    statement = "DELETE FROM images WHERE id = :image"

    assert break_and_examine(plant, done, statement).lost == 1


def test_a_tally_beside_the_rows_is_told(plant: Plant, done: Album) -> None:
    statement = "UPDATE project_stats SET segmented = segmented + 1 WHERE project_id = :p"

    [complaint] = break_and_examine(plant, done, statement).complaints
    assert "recount" in complaint


def test_one_failing_row_fails_the_sum() -> None:
    entries = [Entry("1", "fine", images=3), Entry("2", "bad", images=4, lost=1)]

    summed = total(entries)

    assert (summed.images, summed.lost, summed.verdict) == (7, 1, "FAIL")
    assert entries[0].verdict == "pass"


def test_a_slow_recovery_fails_only_where_seconds_mean_something() -> None:
    alone, beside_others = Entry("1", "", timed=True), Entry("1", "", timed=False)

    for entry in (alone, beside_others):
        entry.recovered(4.0, within=3)

    assert not alone.passed
    assert beside_others.passed
