"""A whole celltally of real processes in a temporary home, each of which can be broken."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import UUID

from redis import Redis

from shared.database.engine import Database
from shared.database.migrating import upgrade
from shared.messaging.redis_connections import connect
from shared.servers.home_lock import HomeLock
from shared.servers.postgresql import PostgreSQLServer
from shared.servers.valkey import ValkeyServer
from tests.faults.engine import picture
from tests.faults.journal import Journal
from tests.faults.keeping import Kept
from tests.faults.traps import FOLDER, SPARED
from tests.images import encoded
from tests.integration.interleaving import until
from tests.integration.lab import Lab

ROOT = Path(__file__).parents[2]
CELLTALLY = Path(sys.executable).with_name("celltally")
SLOTS = 2

#: The scheduler looks for leases that ran out this often.
SWEEP_SECONDS = 5

#: A message is missed after 10 s, looked for every 5 s, sent again within 1 s.
REBUILT_SECONDS = 10 + 5 + 2

#: Time enough for a machine that has other things to do as well.
PATIENCE = 90.0


@dataclass
class Album:
    """A project of one user and its images; the engine knows each by its number."""

    project: UUID
    owner: UUID
    images: dict[UUID, int]
    deleted: int = 0  #: Images that were in it and went before they had a result.

    @property
    def numbers(self) -> set[int]:
        return set(self.images.values())

    @property
    def only(self) -> int:
        """The number of the only image."""
        [number] = self.images.values()
        return number


class Plant:
    """The servers, the processes, and what is put into them."""

    def __init__(self, home: Path, *, lease_seconds: int, long: bool) -> None:
        self.home = home
        self.lease_seconds = lease_seconds
        self.long = long
        self.kept: dict[str, Kept] = {}
        self._number = 0
        self._counting = Lock()
        self._lock = HomeLock(home)
        self.postgresql = PostgreSQLServer(home)
        self.valkey = ValkeyServer(home)

    def start(self) -> None:
        """Start the servers, a scheduler, stats and two workers; return when these are ready."""
        self._lock.acquire()
        self.postgresql.start()
        self.valkey.start()
        upgrade(self.postgresql.url)
        for name in ("gates", "traps", "log", "files/images"):
            (self.home / name).mkdir(parents=True, exist_ok=True)
        self.journal = Journal(self.home)
        self.lab = Lab(Database(self.postgresql.url, pool_size=8, name="plant"))
        self.redis: Redis = connect(self.valkey.url, name="plant")
        self.keep("scheduler", "scheduler")
        self.keep("stats", "stats")
        for number in (1, 2):
            self.keep_worker(f"worker.{number}")
        self.until_online(2)
        until(lambda: self.lab.sql("SELECT FROM engines WHERE name = 'far'"), seconds=PATIENCE)

    def stop(self) -> None:
        """Stop everything at once: nothing of it is wanted any more."""
        for kept in self.kept.values():
            kept.end()
        with suppress(AttributeError):  # It did not get so far.
            self.lab.database.close()
            self.redis.close()
        self.valkey.stop()
        self.postgresql.stop()
        self._lock.release()

    @property
    def environment(self) -> dict[str, str]:
        """What each process of the plant is started with."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("CELLTALLY_", "PG"))}
        return {
            **clean,
            "CELLTALLY_HOME": str(self.home),
            "CELLTALLY_DATABASE_URL": self.postgresql.url,
            "CELLTALLY_REDIS_URL": self.valkey.url,
            "CELLTALLY_LEASE_SECONDS": str(self.lease_seconds),
            "CELLTALLY_RATE_LIMITS": "off",
            FOLDER: str(self.home),
            "PYTHONPATH": f"{ROOT / 'tests/faults/plugin'}:{ROOT}",
            "PYTHONUNBUFFERED": "1",
        }

    def keep(self, label: str, *arguments: str, **settings: str) -> Kept:
        """Keep `celltally …` running; *settings* are further variables of its environment."""
        return self.keep_program(label, (str(CELLTALLY), *arguments), **settings)

    def keep_program(self, label: str, command: tuple[str, ...], **settings: str) -> Kept:
        """Keep any program of ours running."""
        log = self.home / "log" / f"{label}.log"
        self.kept[label] = Kept(label, command, self.environment | settings, log)
        return self.kept[label]

    def keep_worker(
        self, label: str, *, queues: str = "segment.cpu", slots: int = SLOTS, **settings: str
    ) -> Kept:
        arguments = ("--queues", queues, "--concurrency", str(slots))
        return self.keep(label, "worker", *arguments, **settings)

    def keep_distant_worker(self, label: str, **settings: str) -> Kept:
        """Keep a worker of the engine `far`: what befalls it touches no other row."""
        settings |= {SPARED: "1"}
        return self.keep_worker(label, queues="segment.gpu", slots=1, **settings)

    @contextmanager
    def visiting(self, kept: Kept) -> Iterator[Kept]:
        """Have a process for one row only."""
        try:
            yield kept
        finally:
            kept.end()
            del self.kept[kept.label]

    @property
    def workers(self) -> list[Kept]:
        """The workers that every row finds and leaves running."""
        return [kept for label, kept in list(self.kept.items()) if label.startswith("worker.")]

    def worker_of(self, image: int) -> Kept:
        """Return the worker whose child began the image last."""
        pid = self.journal.of(image)[-1].pid
        return next(kept for kept in self.workers if os.getpgid(pid) == kept.pid)

    def until_online(self, count: int, *, queue: str = "segment.cpu") -> None:
        """Wait until so many of the workers that now run say that they are alive."""
        question = (
            "SELECT count(*) FROM worker_heartbeats"
            " WHERE :queue = ANY(queues) AND seen_at > now() - interval '6 seconds'"
        )
        until(lambda: self.lab.value(question, queue=queue) >= count, seconds=PATIENCE)

    # What is put in.

    def album(self, count: int = 1, *, owner: UUID | None = None) -> Album:
        """Insert images of a new project."""
        project = self.lab.project(owner)
        owner = self.lab.value("SELECT owner_id FROM projects WHERE id = :p", p=project)
        album = Album(project, owner, {})
        if count:
            self.add(album, count)
        return album

    def add(self, album: Album, count: int) -> None:
        """Insert more images into the album."""
        numbers = self.next_numbers(count)
        self.file_of(album, 0).parent.mkdir(exist_ok=True)
        contents = [f"{number:064x}" for number in numbers]
        for number in numbers:
            self.file_of(album, number).write_bytes(encoded(picture(number)))
        album.images.update(zip(self.lab.upload(album.project, contents), numbers, strict=True))

    def file_of(self, album: Album, number: int) -> Path:
        """Return where the original of an image lies."""
        return self.home / f"files/images/{album.project}/{number:064x}"

    def next_numbers(self, count: int) -> range:
        """Return numbers that no other image has."""
        with self._counting:
            self._number += count
            return range(self._number + 1 - count, self._number + 1)

    def segment(self, album: Album, *, engine: str = "faulty", **params: Any) -> None:
        """Ask to segment what waits in the album."""
        self.lab.segment(album.project, "unprocessed", engine=engine, params=params)

    def segmenting(
        self, count: int = 1, *, engine: str = "faulty", owner: UUID | None = None, **params: Any
    ) -> Album:
        """Insert images of a new project and ask to segment them."""
        album = self.album(count, owner=owner)
        self.segment(album, engine=engine, **params)
        return album

    # Gates, and what the journal tells.

    @contextmanager
    def gate(self, name: str) -> Iterator[Path]:
        """A gate that is shut until the file is touched, and open for stragglers afterwards."""
        gate = self.home / "gates" / name
        gate.unlink(missing_ok=True)
        try:
            yield gate
        finally:
            gate.touch()

    def until_began(self, album: Album, count: int | None = None) -> None:
        """Wait until so many executions of its images (by default, one of each) began."""
        wanted = len(album.images) if count is None else count
        until(lambda: self.journal.count("began", album.numbers) >= wanted, seconds=PATIENCE)

    def seconds_to_begin(self, image: int, *, after: float) -> float:
        """Wait until the image is begun again; return how long after *after* that was."""

        def again() -> list[float]:
            return [line.at for line in self.journal.of(image) if line.at > after]

        return until(again, seconds=PATIENCE + self.lease_seconds)[0] - after

    # The servers.

    def valkey_down(self, number: signal.Signals) -> float:
        """Stop Valkey by a signal; return when."""
        at = time.monotonic()
        _end(self.valkey.program.pid, number)
        until(lambda: not self.valkey.program.alive, seconds=PATIENCE)
        return at

    def postgresql_down(self, number: signal.Signals) -> float:
        """Stop PostgreSQL by a signal to its first process; return when."""
        at = time.monotonic()
        _end(self.postgresql.program.pid, number)
        until(lambda: not self.postgresql.program.alive, seconds=PATIENCE)
        return at


def _end(pid: int | None, number: signal.Signals) -> None:
    assert pid is not None, "the server does not run"
    os.kill(pid, number)


@contextmanager
def running_plant(home: Path, *, lease_seconds: int, long: bool = False) -> Iterator[Plant]:
    """Lend a plant that runs."""
    plant = Plant(home, lease_seconds=lease_seconds, long=long)
    try:
        plant.start()
        yield plant
    finally:
        plant.stop()
