"""Rows 15 and 20: the dispatcher dies at the worst moment, is there twice, and is fair."""

import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from shared.actions.delete_project import delete_project
from shared.actions.dispatch import dispatch
from shared.database.workers import online_workers
from shared.messaging.memory import MemoryTaskQueue
from tests.faults.examining import examine
from tests.faults.ledger import Entry
from tests.faults.matrix import row
from tests.faults.plant import PATIENCE, REBUILT_SECONDS, Plant
from tests.faults.rows.servers import age_messages
from tests.integration.interleaving import until

_DISPATCHERS = 4


@row("15", "SIGKILL of the dispatcher between taking places and sending")
def runs_that_were_taken_and_not_sent_are_sent_again(plant: Plant, entry: Entry) -> None:
    deaths = 5 if plant.long else 1
    scheduler = plant.kept["scheduler"]
    scheduler.pause(signal.SIGKILL)
    command = (sys.executable, "-m", "tests.faults.doomed_scheduler")
    try:
        with plant.visiting(plant.keep_program("doomed", command)) as doomed:
            album = plant.album(4 * deaths)
            for number, image in enumerate(list(album.images)):
                plant.lab.segment(album.project, [image], engine="faulty")
                if number % 4 == 3:
                    until(lambda: _taken(plant, album.project), seconds=PATIENCE)
            until(lambda: doomed.starts > deaths, seconds=PATIENCE)
        entry.injected = doomed.starts - 1
        age_messages(plant)
    finally:
        scheduler.resume()
    resumed = time.monotonic()
    examine(plant, entry, album)
    entry.recovered(time.monotonic() - resumed, within=REBUILT_SECONDS + PATIENCE / 10)
    entry.expect(entry.started_again == 0, f"{entry.started_again} images were done twice")


def _taken(plant: Plant, project: UUID) -> bool:
    return bool(
        plant.lab.sql(
            "SELECT FROM runs WHERE project_id = :p AND dispatched_at IS NOT NULL", p=project
        )
    )


@row("15b", "several dispatchers at once")
def each_run_is_sent_by_one_of_many_dispatchers(plant: Plant, entry: Entry) -> None:
    """What they send goes nowhere: it is counted here and sent again by the real one."""
    scheduler = plant.kept["scheduler"]
    scheduler.pause(signal.SIGKILL)
    queue = MemoryTaskQueue()
    try:
        album = plant.segmenting(30)
        with ThreadPoolExecutor(_DISPATCHERS) as threads:
            for _ in range(20):
                list(
                    threads.map(lambda _: dispatch(plant.lab.database, queue), range(_DISPATCHERS))
                )
        sent = [run.run_id for run in queue.segments]
        entry.expect(len(sent) > 0, "nothing was dispatched")
        entry.expect(len(sent) == len(set(sent)), "a run was sent by two dispatchers")
        age_messages(plant)
    finally:
        scheduler.resume()
    entry.injected = _DISPATCHERS
    examine(plant, entry, album)


@row("20", "one user queues thousands, then another one image")
def the_second_user_does_not_wait_for_the_first(plant: Plant, entry: Entry) -> None:
    crowd = plant.segmenting(10_000 if plant.long else 300, mode="slow", seconds=0.05)
    plant.until_began(crowd, 8)
    with plant.lab.database.reading() as connection:
        online = online_workers(connection)
    window = 2 * sum(w.slots for w in online if "segment.cpu" in w.queues)
    asked = time.monotonic()
    single = plant.segmenting()
    plant.until_began(single)
    begun = plant.journal.of(single.only)[0].at
    before = sum(
        line.word == "began" and line.image in crowd.numbers and asked < line.at < begun
        for line in plant.journal.lines()
    )
    # What is in the window is ahead already, and as much may be taken in the very moment.
    entry.expect(before <= 2 * window, f"{before} of the first user's images were begun before")
    entry.injected = 1
    entry.recoveries.append(begun - asked)
    examine(plant, entry, single)
    delete_project(plant.lab.database, plant.lab.queue, crowd.project, budget_seconds=60)
    until(lambda: not _unfinished(plant, crowd.project), seconds=PATIENCE)


def _unfinished(plant: Plant, project: UUID) -> bool:
    return bool(plant.lab.sql("SELECT FROM projects WHERE id = :p", p=project))
