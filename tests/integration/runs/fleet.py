"""A scheduler and workers that a test starts, kills and stops."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Row

from shared.database.engine import plain_url
from shared.storage import open_storage
from tests.images import disks, encoded
from tests.integration.interleaving import until
from tests.integration.lab import Lab
from tests.integration.runs.gated_engine import FOLDER, Gated, Stubborn

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
            "CELLTALLY_WORKER_MEMORY_MB": "2048",
            FOLDER: str(self.gate),
            "PYTHONPATH": f"{self.folder / 'plugin'}:{ROOT}",
        }

    @property
    def gate(self) -> Path:
        return self.folder / "gate"

    def start(
        self, *arguments: str, program: tuple[str | Path, ...] = (CELLTALLY,)
    ) -> subprocess.Popen[bytes]:
        with (self.folder / f"{arguments[0]}.log").open("ab") as log:
            process = subprocess.Popen(
                [*program, *arguments],
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
            "[celltally.engines]\n"
            f"gated = {Gated.__module__}:Gated\nstubborn = {Stubborn.__module__}:Stubborn\n"
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

    def upload(self, engine: str = "gated", **params: Any) -> UUID:
        """Add an image to a new project and ask to segment it; return the project."""
        project = self.lab.project()
        [image] = self.lab.images(project)
        key = self.lab.image(image).storage_key
        open_storage(self.environment["CELLTALLY_STORAGE_URL"]).put(key, encoded(disks(1)))
        self.lab.segment(project, engine=engine, params=params)
        return project

    def until_failed(self, project: UUID) -> Row[Any]:
        """Wait until the image's last attempt failed, without its back-off; return the run."""

        def failed() -> bool:
            self.lab.sql("UPDATE runs SET not_before = now() WHERE project_id = :p", p=project)
            return self.lab.runs(project)[0].status == "failed"

        until(failed, seconds=SECONDS)
        [run] = self.lab.runs(project)
        return run

    def until_ended(self, process: subprocess.Popen[bytes]) -> int:
        """Wait until the process ended by itself; return its exit code."""
        code = process.wait(SECONDS)
        self.running.remove(process)
        return code

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
