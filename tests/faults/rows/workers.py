"""Rows 1 to 5, 8 and 23: children and workers die, stop, are replaced, or have a wrong clock."""

import os
import signal
import time
from contextlib import ExitStack
from functools import partial

from tests.faults.examining import examine
from tests.faults.ledger import Entry
from tests.faults.matrix import row
from tests.faults.plant import (
    PATIENCE,
    REBUILT_SECONDS,
    SLOTS,
    SWEEP_SECONDS,
    Album,
    Plant,
)
from tests.faults.storm import Storm, kill_storm
from tests.faults.traps import AFTER_TASK, KILL, KILL_GROUP, SKEW, lay
from tests.integration.interleaving import until

CHILD_SECONDS = 3.0


def lease_bound(plant: Plant) -> float:
    """Return how long a lost worker's run may wait: lease, sweep, and 2 s."""
    return plant.lease_seconds + SWEEP_SECONDS + 2


@row("1", "SIGKILL of a child in the middle of an image")
def a_killed_childs_image_is_begun_again_within_three_seconds(plant: Plant, entry: Entry) -> None:
    albums = []
    with plant.gate("row1"):
        for _ in range(20 if plant.long else 2):
            album = plant.segmenting(mode="gate", gate="row1", once=True)
            plant.until_began(album)
            [line] = plant.journal.of(album.only)
            killed = time.monotonic()
            os.kill(line.pid, signal.SIGKILL)
            again = plant.seconds_to_begin(album.only, after=killed)
            entry.recovered(again, within=CHILD_SECONDS)
            albums.append(album)
    entry.injected = len(albums)
    examine(plant, entry, *albums)


@row("2", "SIGKILL of a whole worker in the middle of an image")
def a_lost_workers_image_is_begun_again_when_its_lease_is_over(plant: Plant, entry: Entry) -> None:
    """Kill after kill while no lease ends: recoveries overlap, and no image is hit twice."""
    albums: list[Album] = []
    with plant.gate("row2"):
        while len(albums) < (20 if plant.long else 1):
            killed = _killed_within_a_lease(plant, at_most=20 - len(albums) if plant.long else 1)
            for album, at in killed:
                again = plant.seconds_to_begin(album.only, after=at)
                entry.recovered(again, within=lease_bound(plant))
            albums += [album for album, _ in killed]
    entry.injected = len(albums)
    examine(plant, entry, *albums)


def _killed_within_a_lease(plant: Plant, *, at_most: int) -> list[tuple[Album, float]]:
    """Kill worker after worker, each with an image of its own; return these and when it was."""
    killed: list[tuple[Album, float]] = []
    until_when = time.monotonic() + 0.7 * plant.lease_seconds
    while len(killed) < at_most:
        plant.until_online(2)  # Which may take so long that the first lease ends.
        if killed and time.monotonic() > until_when:
            break
        album = plant.segmenting(mode="gate", gate="row2", once=True)
        plant.until_began(album)
        killed.append((album, plant.worker_of(album.only).kill()))
    return killed


@row("3", "SIGKILL between result and commit; between commit and ack")
def an_uncommitted_result_is_made_again_and_a_committed_one_is_not(
    plant: Plant, entry: Entry
) -> None:
    uncommitted = _caught_at(plant, "segment.before_commit", KILL)
    _until_settled(plant, uncommitted)  # Or its second execution falls into the next trap.
    lost_with_all = _caught_at(plant, "segment.before_commit", KILL_GROUP)
    _until_settled(plant, lost_with_all)
    committed = _caught_at(plant, AFTER_TASK, KILL)
    entry.injected = 3
    examine(plant, entry, uncommitted, lost_with_all, committed)
    for album, executions in ((uncommitted, 2), (lost_with_all, 2), (committed, 1)):
        began = len(plant.journal.of(album.only))
        entry.expect(began == executions, f"{began} executions where {executions} were due")


def _caught_at(plant: Plant, point: str, order: str) -> Album:
    """Let the worker of a new image die at the point."""
    caught = lay(plant.home, point, order)
    album = plant.segmenting()
    until(caught.exists, seconds=PATIENCE)
    return album


def _until_settled(plant: Plant, album: Album) -> None:
    active = (
        "SELECT count(*) FROM images WHERE project_id = :p AND status IN ('queued', 'processing')"
    )
    until(
        lambda: plant.lab.value(active, p=album.project) == 0,
        seconds=PATIENCE + plant.lease_seconds,
    )


def storm_of(plant: Plant) -> Storm:
    """Return the storm of row 4."""
    return Storm(kills=200, images=9_000) if plant.long else Storm(kills=2, images=80)


@row("4", "storm of kills of whole workers at random instants")
def a_storm_of_kills_loses_nothing(plant: Plant, entry: Entry) -> None:
    storm = storm_of(plant)
    album = plant.album(0)

    def feed(count: int) -> None:
        plant.add(album, count)
        plant.segment(album)

    waiting = partial(plant.lab.value, "SELECT count(*) FROM runs WHERE status = 'queued'")
    kill_storm(storm, plant.workers, feed=feed, waiting=waiting)
    entry.injected = storm.kills
    examine(plant, entry, album, seconds=PATIENCE + storm.images / 10)


@row("5", "SIGSTOP of a worker past its lease, then SIGCONT")
def a_late_commit_is_refused_by_the_token(plant: Plant, entry: Entry) -> None:
    with plant.gate("row5") as gate:
        album = plant.segmenting(mode="gate", gate="row5", once=True)
        plant.until_began(album)
        frozen = plant.worker_of(album.only)
        stopped = time.monotonic()
        frozen.send_all(signal.SIGSTOP)
        try:
            again = plant.seconds_to_begin(album.only, after=stopped)
            entry.recovered(again, within=lease_bound(plant))
            [image] = album.images
            until(lambda: plant.lab.image(image).status == "segmented", seconds=PATIENCE)
            gate.touch()
        finally:
            frozen.send_all(signal.SIGCONT)
    until(lambda: len(plant.journal.of(album.only, "ended")) == 2, seconds=PATIENCE)
    results = plant.home / "files/results" / str(image)
    until(lambda: len(list(results.iterdir())) == 1, seconds=PATIENCE)
    entry.injected = 1
    examine(plant, entry, album, frozen=True)
    entry.expect(plant.lab.runs(album.project)[0].attempt == 2, "the second attempt did not count")


@row("8", "SIGTERM, as a deployment does, while all slots work")
def a_deployment_lets_the_images_be_finished(plant: Plant, entry: Entry) -> None:
    with ExitStack() as stack:
        if plant.long:  # 50 images at a time.
            crowd = plant.keep_worker("worker.crowd", slots=50 - len(plant.workers) * SLOTS)
            stack.enter_context(plant.visiting(crowd))
            plant.until_online(3)
        slots = 50 if plant.long else len(plant.workers) * SLOTS
        album = plant.segmenting(slots, mode="slow", seconds=5.0 if plant.long else 0.5)
        plant.until_began(album)
        for worker in plant.workers:
            worker.send(signal.SIGTERM)
        entry.injected = len(plant.workers)
        examine(plant, entry, album)
    began = [len(plant.journal.of(number)) for number in album.numbers]
    entry.expect(max(began) == 1, f"an image was begun {max(began)} times in spite of the grace")


@row("8b", "SIGQUIT again and again while the same image is worked on")
def a_deployment_uses_up_no_attempt(plant: Plant, entry: Entry) -> None:
    entry.injected = 5 if plant.long else 1
    with plant.gate("row8b") as gate:
        album = plant.segmenting(mode="gate", gate="row8b")
        for number in range(entry.injected):
            plant.until_began(album, number + 1)
            at = time.monotonic()
            plant.worker_of(album.only).send(signal.SIGQUIT)
            again = plant.seconds_to_begin(album.only, after=at)
            # It may be sent to a worker that stops just now; then its message has to be missed.
            entry.recovered(again, within=max(lease_bound(plant), REBUILT_SECONDS))
        gate.touch()
    examine(plant, entry, album)
    [run] = plant.lab.runs(album.project)
    entry.expect(run.attempt == 1, f"the image was stopped, and {run.attempt} attempts counted")


@row("23", "the clock of a worker is five minutes fast, or slow")
def no_lease_depends_on_a_workers_clock(plant: Plant, entry: Entry) -> None:
    with (
        plant.visiting(plant.keep_distant_worker("fast", **{SKEW: "300"})) as fast,
        plant.visiting(plant.keep_distant_worker("slow", **{SKEW: "-300"})) as slow,
        plant.gate("row23"),
    ):
        plant.until_online(2, queue="segment.gpu")
        album = plant.segmenting(2, engine="far", mode="gate", gate="row23", once=True)
        plant.until_began(album)
        left = plant.lab.value(
            "SELECT array_agg(extract(epoch FROM lease_until - clock_timestamp())) FROM runs"
            " WHERE project_id = :p AND status = 'running'",
            p=album.project,
        )
        fits = len(left) == 2 and all(0 < seconds <= plant.lease_seconds for seconds in left)
        entry.expect(fits, f"leases last {left} s by the database's clock")
        killed = max(fast.kill(), slow.kill())
        for number in sorted(album.numbers):
            again = plant.seconds_to_begin(number, after=killed)
            # There is no survivor: the workers themselves have to come back first.
            entry.recovered(again, within=lease_bound(plant) + PATIENCE / 3)
        entry.injected = 2
        examine(plant, entry, album)
