"""Real workers of Celery, killed in the middle of an image (S3, Q2)."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from celery import Celery
from redis import Redis
from sqlalchemy.engine import Row

from shared.database.engine import plain_url
from shared.domain.runs import DispatchedRun
from shared.messaging.celery_queue import CeleryTaskQueue
from shared.servers.addresses import ServerUrls, broker_url
from shared.storage import open_storage
from tests.images import disks, encoded
from tests.integration.interleaving import until
from tests.integration.lab import Lab
from tests.integration.runs.gated_engine import FOLDER, Gated

#: One fleet for all of them.
pytestmark = pytest.mark.xdist_group("real workers")

ROOT = Path(__file__).parents[3]
CELLTALLY = Path(sys.executable).with_name("celltally")

#: Time enough for a machine that has other things to do as well.
SECONDS = 90


@dataclass
class Fleet:
    """A scheduler and workers, each a process group of its own."""

    lab: Lab
    redis_url: str
    folder: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "CELLTALLY_HOME": str(self.folder),
            "CELLTALLY_DATABASE_URL": plain_url(self.lab.database.url),
            "CELLTALLY_REDIS_URL": self.redis_url,
            "CELLTALLY_STORAGE_URL": (self.folder / "files").as_uri(),
            "CELLTALLY_LEASE_SECONDS": "3",
            FOLDER: str(self.gate),
            "PYTHONPATH": f"{self.folder / 'plugin'}:{ROOT}",
        }

    @property
    def gate(self) -> Path:
        return self.folder / "gate"

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{arguments[0]}.log").open("ab") as log:
            process = subprocess.Popen(
                [CELLTALLY, *arguments],
                env=self.environment,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.running.append(process)
        return process

    def start_worker(self) -> subprocess.Popen[bytes]:
        return self.start("worker", "--queues", "segment.cpu,stats", "--concurrency", "2")

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """Kill the process with all its children, as the loss of a machine does."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.running.remove(process)

    def stop(self) -> None:
        for process in list(self.running):
            self.kill(process)

    def install_plugin(self) -> None:
        """Make the gated engine an entry point of every process started here."""
        info = self.folder / "plugin" / "gated-1.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: gated\nVersion: 1\n")
        (info / "entry_points.txt").write_text(
            f"[celltally.engines]\ngated = {Gated.__module__}:Gated\n"
        )

    def shut(self) -> None:
        self.gate.mkdir(exist_ok=True)
        for file in self.gate.iterdir():
            file.unlink()

    def open(self) -> None:
        (self.gate / "open").touch()

    def until_begun(self, count: int = 1) -> list[int]:
        """Wait until so many children are at an image; return their process ids."""
        until(lambda: len(self.began()) >= count, seconds=SECONDS)
        return self.began()

    def began(self) -> list[int]:
        return [int(path.name.split("-")[1]) for path in self.gate.glob("began-*")]

    def upload(self) -> UUID:
        """Add an image to a new project and ask to segment it; return the project."""
        project = self.lab.project()
        [image] = self.lab.images(project)
        key = self.lab.image(image).storage_key
        open_storage(self.environment["CELLTALLY_STORAGE_URL"]).put(key, encoded(disks(1)))
        self.lab.segment(project, engine="gated")
        return project

    def until_segmented(self, project: UUID) -> Row[Any]:
        """Wait for the end that every image has; return the run that led to it."""

        def announced() -> bool:
            row = self.lab.sql("SELECT * FROM project_stats WHERE project_id = :p", p=project)[0]
            return row.segmented == 1 and row.published_version == row.version

        until(announced, seconds=SECONDS)
        [run] = self.lab.runs(project)
        return run

    def results(self, run: Row[Any]) -> set[str]:
        """Return the folders of results that the image has."""
        storage = open_storage(self.environment["CELLTALLY_STORAGE_URL"])
        return {path.split("/")[2] for path in storage.list(f"results/{run.image_id}/")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fleet")


@pytest.fixture(scope="module")
def fleet(lab_database: Any, servers: ServerUrls, folder: Path) -> Iterator[Fleet]:
    lab = Lab(lab_database)
    lab.forget_everything()
    fleet = Fleet(lab, f"{servers.redis.partition('?')[0]}?db=7", folder)
    fleet.install_plugin()
    fleet.shut()
    fleet.start("scheduler")
    fleet.start_worker()
    try:
        until(lambda: lab.sql("SELECT FROM engines WHERE name = 'gated'"), seconds=SECONDS)
        yield fleet
    finally:
        fleet.stop()


@pytest.fixture(autouse=True)
def shut_gate(fleet: Fleet) -> None:
    fleet.shut()


def check(fleet: Fleet, project: UUID) -> None:
    """One image, one result, counted once, whatever happened on the way."""
    run = fleet.until_segmented(project)
    image = fleet.lab.image(run.image_id)
    assert (run.status, run.object_count) == ("succeeded", 1)
    assert image.current_run_id == run.id
    assert run.result_path.split("/")[2] in fleet.results(run)
    acts = fleet.lab.sql(
        "SELECT sum(uploads) AS uploads, sum(completions) AS completions FROM activity_buckets"
        " WHERE user_id = (SELECT owner_id FROM projects WHERE id = :p)",
        p=project,
    )[0]
    assert (acts.uploads, acts.completions) == (1, 1)
    assert fleet.lab.is_exact(project)


def test_a_message_delivered_twice_counts_once(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = fleet.upload()
    fleet.until_begun()
    [run] = fleet.lab.runs(project)
    twice = DispatchedRun(run.id, run.queue, soft_limit=60, hard_limit=90)

    for name, value in fleet.environment.items():
        monkeypatch.setenv(name, value)
    with Redis.from_url(fleet.redis_url) as redis:
        app = Celery("tests", set_as_current=False)
        app.config_from_object("celeryconfig")
        app.conf.broker_url = broker_url(fleet.redis_url)
        queue = CeleryTaskQueue(app, redis)
        queue.send_segments([twice, twice])
        until(lambda: redis.llen("celltally:segment.cpu") == 0, seconds=SECONDS)
        app.close()
    fleet.open()

    check(fleet, project)
    assert fleet.results(run) == {fleet.lab.run(run.id).result_path.split("/")[2]}


def test_a_child_killed_in_the_middle_loses_nothing(fleet: Fleet) -> None:
    project = fleet.upload()
    [child] = fleet.until_begun()

    os.kill(child, signal.SIGKILL)
    fleet.until_begun(2)
    fleet.open()

    check(fleet, project)
    assert fleet.lab.runs(project)[0].attempt >= 2


def test_an_emptied_redis_loses_nothing(fleet: Fleet) -> None:
    """Loss of all of Redis costs only time: the runs are in PostgreSQL."""
    working = [fleet.upload(), fleet.upload()]
    fleet.until_begun(2)
    waiting = fleet.upload()
    # In its queue or already in the worker's hands: kombu may take one message too many.
    until(lambda: fleet.lab.runs(waiting)[0].dispatched_at, seconds=SECONDS)
    with Redis.from_url(fleet.redis_url) as redis:
        redis.flushdb()
    fleet.lab.sql("UPDATE runs SET dispatched_at = dispatched_at - interval '1 minute'")
    fleet.open()

    for project in (*working, waiting):
        check(fleet, project)


def test_a_whole_worker_killed_in_the_middle_loses_nothing(fleet: Fleet) -> None:
    """Another one finishes, once the lease of the lost one ran out."""
    projects = [fleet.upload(), fleet.upload()]
    fleet.until_begun(2)

    fleet.kill(fleet.running[-1])
    fleet.open()
    fleet.start_worker()

    for project in projects:
        check(fleet, project)
        assert fleet.lab.runs(project)[0].attempt >= 2
