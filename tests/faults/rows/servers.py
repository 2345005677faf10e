"""Rows 9, 13 and 14: Redis and PostgreSQL are restarted, crash, or forget their last seconds."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from tests.faults.examining import examine
from tests.faults.journal import ENDED
from tests.faults.ledger import Entry
from tests.faults.matrix import row
from tests.faults.plant import PATIENCE, Album, Plant
from tests.integration.interleaving import until

#: Back to this part of the throughput before within `RESTART_SECONDS` after the stop.
SHARE = 0.9
RESTART_SECONDS = 15.0

#: In the short form other tests may take the cores between the two measurements.
SHARE_BESIDE_OTHERS = 0.2
_WINDOW = 2.0
_MEASURE_SECONDS = 3.0
_IMAGE_SECONDS = 0.1
_DOWN_SECONDS = 1.0


class Stream:
    """Work without end: images of 0.1 s, so that the rate depends on slots and not on cores."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self.album = plant.album(0)
        self._done = Event()
        self._thread = Thread(target=self._feed, name="stream")

    @contextmanager
    def flowing(self) -> Iterator[None]:
        """Keep the queue filled."""
        self._thread.start()
        try:
            yield
        finally:
            self._done.set()
            self._thread.join()

    def ended(self, begin: float, end: float) -> int:
        """Count the images that were finished in this time."""
        count = 0
        for line in reversed(self._plant.journal.lines()):
            if line.at < begin:
                break
            count += line.word == ENDED and line.at < end
        return count

    def rate(self) -> float:
        """Return how many images a second are finished now."""
        begin = time.monotonic()
        time.sleep(_MEASURE_SECONDS)
        return self.ended(begin, time.monotonic()) / _MEASURE_SECONDS

    def seconds_to_rate(self, rate: float, *, since: float) -> float:
        """Return how long after *since* as much as *rate* flowed again."""

        def flows() -> bool:
            now = time.monotonic()
            return self.ended(now - _WINDOW, now) >= rate * _WINDOW and now - since > _WINDOW

        until(flows, seconds=120)
        return max(0.0, time.monotonic() - _WINDOW - since)

    def _feed(self) -> None:
        while not self._done.wait(0.2):
            try:
                waiting = self._plant.lab.value("SELECT count(*) FROM runs WHERE status = 'queued'")
                if waiting < 40:
                    self._plant.add(self.album, 40)
                    self._plant.segment(self.album, mode="slow", seconds=_IMAGE_SECONDS)
            except Exception:  # noqa: S112 - PostgreSQL may be away: that is the row.
                continue


def _restarts(plant: Plant, entry: Entry, restart: Callable[[int], float], *, times: int) -> None:
    """Restart a server again and again under the stream; the rate must come back each time."""
    stream = Stream(plant)
    share = SHARE if entry.timed else SHARE_BESIDE_OTHERS
    with stream.flowing():
        began = time.monotonic()
        until(lambda: stream.ended(began, time.monotonic()) > 20, seconds=PATIENCE)
        for number in range(times):
            before = stream.rate()
            down = restart(number)
            back = stream.seconds_to_rate(share * before, since=down)
            entry.recovered(back, within=RESTART_SECONDS)
            _expect_all_workers(plant, entry, stream.album)
            entry.injected += 1
    examine(plant, entry, stream.album)


def _expect_all_workers(plant: Plant, entry: Entry, album: Album) -> None:
    """Expect that each worker has done something lately: a deaf one would hide behind another."""

    def names() -> int:
        return int(
            plant.lab.value(
                "SELECT count(DISTINCT worker) FROM runs WHERE project_id = :p"
                " AND started_at > clock_timestamp() - interval '1 second'",
                p=album.project,
            )
        )

    try:
        patience = RESTART_SECONDS if entry.timed else PATIENCE
        until(lambda: names() >= len(plant.workers), seconds=patience)
    except AssertionError:
        entry.expect(condition=False, complaint=f"{names()} of {len(plant.workers)} workers work")


def _restart_valkey(plant: Plant, number: signal.Signals) -> float:
    down = plant.valkey_down(number)
    time.sleep(_DOWN_SECONDS)
    plant.valkey.start()
    return down


@row("9", "restart of Redis by SIGTERM")
def all_workers_go_on_after_a_restart_of_redis(plant: Plant, entry: Entry) -> None:
    times = 20 if plant.long else 1
    _restarts(plant, entry, lambda _: _restart_valkey(plant, signal.SIGTERM), times=times)


@row("9b", "crash of Redis by SIGKILL")
def all_workers_go_on_after_a_crash_of_redis(plant: Plant, entry: Entry) -> None:
    times = 20 if plant.long else 1
    _restarts(plant, entry, lambda _: _restart_valkey(plant, signal.SIGKILL), times=times)


@row("13", "the last bytes of Redis' append-only file are lost")
def a_truncated_log_of_redis_loses_and_doubles_nothing(plant: Plant, entry: Entry) -> None:
    with plant.gate("row13") as gate:
        album = plant.segmenting(12, mode="gate", gate="row13")
        plant.until_began(album, 4)
        plant.valkey_down(signal.SIGKILL)
        [log] = (plant.home / "valkey/appendonlydir").glob("*.incr.aof")
        with log.open("r+b") as file:
            file.truncate(max(0, log.stat().st_size - 300))
        plant.valkey.start()
        age_messages(plant)
        gate.touch()
    entry.injected = 1
    examine(plant, entry, album)


@row("14", "restart of PostgreSQL, and its crash")
def work_goes_on_after_a_restart_of_postgresql(plant: Plant, entry: Entry) -> None:
    def restart(number: int) -> float:
        down = plant.postgresql_down((signal.SIGINT, signal.SIGKILL)[number % 2])
        plant.postgresql.start()
        return down

    _restarts(plant, entry, restart, times=20 if plant.long else 1)


@row("14b", "connections to PostgreSQL cut between claim and commit")
def an_outcome_survives_a_cut_connection(plant: Plant, entry: Entry) -> None:
    with plant.gate("row14b") as gate:
        album = plant.segmenting(4, mode="gate", gate="row14b")
        plant.until_began(album)
        cut = plant.lab.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'celltally-worker' AND pid <> pg_backend_pid()"
        )
        gate.touch()
    entry.injected = len(cut)
    examine(plant, entry, album)


def age_messages(plant: Plant) -> None:
    """In the short form, let messages have been sent longer ago: they are missed after 10 s."""
    if not plant.long:
        plant.lab.age_messages()
