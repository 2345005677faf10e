"""Eight writers, two folders and two readers at once, with every kind of statement (rules.md A)."""

import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event
from uuid import UUID

import psycopg
import pytest
from psycopg.errors import DeadlockDetected, ForeignKeyViolation, UniqueViolation
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from shared.actions.recompute_stats import recompute_stats
from shared.database import stats
from shared.database.engine import Database, plain_url
from shared.domain.stats import ProjectStats
from shared.messaging.memory import MemoryEventPublisher
from tests.integration.lab import Lab
from tests.integration.rows import counts_of

SECONDS = 4.0
WRITERS, FOLDERS, READERS = 8, 2, 2
PROJECTS = 3

#: Its project went meanwhile, the content is there already, or two writers met head-on.
EXPECTED = (ForeignKeyViolation, UniqueViolation, DeadlockDetected)

COLUMNS = "project_id, filename, sha256, bytes, width, height, channels, bit_depth"
VALUES = "'a.png', sha, 1, 1, 1, 1, 8, 'k', 't'"
INSERT = f"""
INSERT INTO images ({COLUMNS}, storage_key, thumbnail_key)
SELECT :project, {VALUES} FROM unnest(CAST(:shas AS text[])) AS sha ORDER BY sha
"""
CONFLICT = "ON CONFLICT (project_id, sha256, page)"
NEXT_STATUS = """
status = CASE status WHEN 'uploaded' THEN 'queued' WHEN 'queued' THEN 'processing'
                     WHEN 'processing' THEN CASE WHEN random() < 0.5 THEN 'segmented'
                                                 ELSE 'failed' END
                     ELSE 'queued' END,
object_count = CASE WHEN status = 'processing' THEN 3 ELSE object_count END
"""
#: The rows that a bulk statement takes, locked in the order of ids (rules.md 18).
SOME = "(SELECT id FROM images WHERE project_id = :project ORDER BY id LIMIT :some FOR UPDATE)"
MERGE = f"""
MERGE INTO images AS i USING unnest(CAST(:shas AS text[])) AS n (sha)
ON i.project_id = :project AND i.sha256 = n.sha
WHEN MATCHED AND i.status = 'failed' THEN DELETE
WHEN MATCHED THEN UPDATE SET {NEXT_STATUS}
WHEN NOT MATCHED THEN INSERT ({COLUMNS}, storage_key, thumbnail_key) VALUES (:project, {VALUES})
"""


@dataclass
class Storm:
    """Projects that come and go, and what the threads saw."""

    database: Database
    projects: list[UUID]
    new_project: Callable[[], UUID]
    over: Event = field(default_factory=Event)
    done: Counter[str] = field(default_factory=Counter)
    known: dict[tuple[UUID, int], ProjectStats] = field(default_factory=dict)
    wrong: list[tuple[object, object]] = field(default_factory=list)

    def write(self, number: int) -> None:
        """Do one kind of statement after the other, in an order of this writer's own."""
        chance = random.Random(number)  # noqa: S311 - no secret
        acts = list(ACTS.items())
        while not self.over.is_set():
            name, act = chance.choice(acts)
            slot = chance.randrange(PROJECTS)
            try:
                with self.database.engine.connect() as connection, connection.begin():
                    act(self, connection, slot, chance)
            except (DBAPIError, psycopg.Error) as failure:  # COPY goes past SQLAlchemy.
                cause = failure.orig if isinstance(failure, DBAPIError) else failure
                if not isinstance(cause, EXPECTED):
                    raise
                self.done[type(cause).__name__] += 1
            else:
                self.done[name] += 1

    def fold(self, number: int) -> None:
        publisher = MemoryEventPublisher()
        while not self.over.is_set():
            for project in self.projects:
                if update := recompute_stats(self.database, publisher, project):
                    self.done["fold"] += 1
                    self.bear_witness(update.stats)

    def read_and_count(self, number: int) -> None:
        """Read the tally, and count the rows in the same snapshot."""
        seen: dict[UUID, ProjectStats] = {}
        engine = self.database.engine.execution_options(isolation_level="REPEATABLE READ")
        while not self.over.is_set():
            with engine.connect() as connection, connection.begin():
                for project, now in stats.read_many(connection, list(self.projects)).items():
                    self.look_at(now, seen)
                    counted = stats.recount(connection, project)
                    if counts_of(now) != counted:
                        self.wrong.append((now, counted))

    def read(self, number: int) -> None:
        """Read the tally as a page does, each time at another moment."""
        seen: dict[UUID, ProjectStats] = {}
        while not self.over.is_set():
            with self.database.reading() as connection:
                for project in list(self.projects):
                    if now := stats.read_stats(connection, project):
                        self.look_at(now, seen)

    def look_at(self, now: ProjectStats, seen: dict[UUID, ProjectStats]) -> None:
        self.done["read"] += 1
        before = seen.get(now.project_id, now)
        if now.version < before.version:
            self.wrong.append((before, now))
        seen[now.project_id] = now
        self.bear_witness(now)

    def bear_witness(self, now: ProjectStats) -> None:
        """Equal versions are equal numbers, whoever read them and when."""
        known = self.known.setdefault((now.project_id, now.version), now)
        if known != now:
            self.wrong.append((known, now))


def shas(chance: random.Random) -> list[str]:
    return [f"{chance.randrange(400)}" for _ in range(chance.randint(1, 6))]


def fresh(chance: random.Random) -> list[str]:
    return [f"{chance.random()}" for _ in range(chance.randint(1, 6))]


def statement(sql: str, contents: Callable[[random.Random], list[str]] = shas) -> Callable:
    """Return the act of running one statement on a project."""

    def act(storm: Storm, connection: Connection, slot: int, chance: random.Random) -> None:
        values = {"project": storm.projects[slot], "some": chance.randint(1, 20)}
        connection.execute(text(sql), values | {"shas": sorted(set(contents(chance)))})

    return act


def copy(storm: Storm, connection: Connection, slot: int, chance: random.Random) -> None:
    sql = f"COPY images ({COLUMNS}, storage_key, thumbnail_key) FROM STDIN"
    with connection.connection.cursor() as cursor, cursor.copy(sql) as rows:
        for sha in fresh(chance):
            rows.write_row((storm.projects[slot], "a.png", sha, 1, 1, 1, 1, 8, "k", "t"))


def move(storm: Storm, connection: Connection, slot: int, chance: random.Random) -> None:
    values = {
        "project": storm.projects[slot],
        "to": storm.projects[(slot + 1) % PROJECTS],
        "some": 3,
    }
    connection.execute(
        text(f"UPDATE images SET project_id = :to, sha256 = gen_random_uuid() WHERE id IN {SOME}"),
        values,
    )


def roll_back(storm: Storm, connection: Connection, slot: int, chance: random.Random) -> None:
    insert(storm, connection, slot, chance)
    bulk_update(storm, connection, slot, chance)
    connection.get_transaction().rollback()


def savepoint(storm: Storm, connection: Connection, slot: int, chance: random.Random) -> None:
    with connection.begin_nested() as nested:
        bulk_delete(storm, connection, slot, chance)
        nested.rollback()
    insert(storm, connection, slot, chance)


def cascade(storm: Storm, connection: Connection, slot: int, chance: random.Random) -> None:
    """Delete a project with all that is in it; another takes its place."""
    if chance.random() < 0.2:
        doomed = storm.projects[slot]
        storm.projects[slot] = storm.new_project()
        connection.execute(text("DELETE FROM projects WHERE id = :id"), {"id": doomed})


insert = statement(INSERT, fresh)
bulk_update = statement(f"UPDATE images SET {NEXT_STATUS} WHERE id IN {SOME}")
bulk_delete = statement(f"DELETE FROM images WHERE id IN {SOME}")

ACTS: dict[str, Callable] = {
    "insert": insert,
    "copy": copy,
    "on conflict do nothing": statement(f"{INSERT} {CONFLICT} DO NOTHING"),
    "on conflict do update": statement(f"{INSERT} {CONFLICT} DO UPDATE SET status = 'queued'"),
    "merge": statement(MERGE),
    "bulk update": bulk_update,
    "bulk delete": bulk_delete,
    "move": move,
    "roll back": roll_back,
    "savepoint": savepoint,
    "cascade": cascade,
}


@pytest.fixture
def storm(lab: Lab) -> Iterator[Storm]:
    owner = lab.user()
    database = Database(plain_url(lab.database.url), pool_size=WRITERS + FOLDERS + READERS)
    projects = [lab.project(owner) for _ in range(PROJECTS)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(interval / 50)  # Or each answer waits for eleven other threads.
    yield Storm(database, projects, new_project=lambda: lab.project(owner))
    sys.setswitchinterval(interval)
    database.close()


def test_a_storm_moves_no_count(lab: Lab, storm: Storm) -> None:
    acts = [storm.write] * WRITERS + [storm.fold] * FOLDERS + [storm.read, storm.read_and_count]
    with ThreadPoolExecutor(len(acts)) as pool:
        threads = [pool.submit(act, number) for number, act in enumerate(acts)]
        time.sleep(SECONDS)
        storm.over.set()
        for thread in threads:
            thread.result()

    assert storm.wrong == []
    assert {*ACTS, "fold", "read"} <= set(storm.done), storm.done
    for project in storm.projects:
        assert lab.is_exact(project)
    lab.age()
    for project in lab.due_projects():
        lab.fold(project)
    assert lab.sql("SELECT id FROM stats_deltas") == []
    for project in storm.projects:
        assert lab.is_exact(project)
