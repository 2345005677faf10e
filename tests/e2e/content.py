"""A laboratory as it may look on a working day: people, projects, images, results, a history."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import numpy as np
from PIL import Image
from sqlalchemy import create_engine, text

from shared.client.rest import Json, RestClient
from shared.demo.system import whole_system
from shared.samples.catalogue import SAMPLES
from shared.samples.drawing import nuclei, spheroids
from shared.servers.addresses import read_published
from tests.e2e.conftest import PASSWORD, Person

SIDE = 360
TOO_LARGE = (10_010, 10_000)  #: Pixels; one more than engines take.

#: What the last week looked like by the hour, beside what is really done; (images, from, to).
HISTORY_SQL = text(
    """
INSERT INTO activity_buckets (user_id, starts_at, uploads, completions, run_ms)
SELECT :user_id, date_trunc('minute', now()) - make_interval(mins => m),
       (random() * 3)::int, n, n * (900 + random() * 500)::int
FROM generate_series(12, 20000, 7) AS m
CROSS JOIN LATERAL (SELECT extract(hour FROM now() - make_interval(mins => m)) AS hour,
                           extract(isodow FROM now() - make_interval(mins => m)) AS day) AS clock
CROSS JOIN LATERAL (SELECT (random() * CASE WHEN day > 5 THEN 1 ELSE 5 END
                            * exp(-((hour - 14) ^ 2) / 18) * 3)::int AS n) AS work
WHERE n > 0 ON CONFLICT DO NOTHING
"""
)


@dataclass(frozen=True)
class Laboratory:
    """What the pages are looked at with."""

    address: str
    home: Path
    mira: Person
    jonas: Person
    projects: dict[str, Json]

    def addresses(self) -> dict[str, tuple[str, str]]:
        """Return the pages by name: address, and what tells that one is drawn."""
        plate, titration = self.projects["plate"], self.projects["titration"]
        image = next(
            each for each in self.mira.rest.images(plate["id"]) if each["status"] == "segmented"
        )
        folder = f"/projects/{plate['id']}"
        return {
            "dashboard": ("/", ".chart canvas"),
            "projects": ("/projects", ".card"),
            "projects-table": ("/projects?view=list", ".project-table tbody tr"),
            "project": (folder, ".tile"),
            "project-failed": (f"/projects/{titration['id']}", ".failures li"),
            "image": (f"{folder}/images/{image['id']}", ".object-row"),
            "results": (f"{folder}/results", ".results-table tbody tr"),
            "exports": (f"{folder}/exports", ".export-items li"),
            "activity": ("/activity", ".feed-entry"),
            "settings": ("/settings/profile", ".settings-part"),
            "tokens": ("/settings/tokens", ".settings-part"),
        }


@contextmanager
def laboratory(home: Path) -> Iterator[Laboratory]:
    """Start a celltally in the empty folder *home* and fill it."""
    with whole_system(home, rate_limits="off") as address:
        mira = _person(address, "mira@kovac-lab.example", "Mira Kovač")
        jonas = _person(address, "jonas@kovac-lab.example", "Jonas Weber")
        ana = _person(address, "ana@kovac-lab.example", "Ana Ruiz")
        folder = home / "drawn"
        folder.mkdir()
        projects = _projects(mira, jonas, folder)
        for title in ("plate", "spheroids"):
            _share(mira, projects[title], jonas, "editor")
        _share(mira, projects["plate"], ana, "viewer")
        _write_history(home, mira)
        yield Laboratory(address, home, mira, jonas, projects)
        for person in (mira, jonas, ana):
            person.rest.__exit__(None, None, None)


def begin_work(laboratory: Laboratory) -> None:
    """Have something in the queue, so that pages show what goes on."""
    course = laboratory.projects["course"]
    laboratory.mira.rest.segment(course["id"], select="all", force=True)


def _person(address: str, email: str, name: str) -> Person:
    rest = RestClient(address).__enter__()
    rest.sign_up(email=email, password=PASSWORD, name=name)
    return Person(address, email, rest)


def _share(owner: Person, project: Json, other: Person, role: str) -> None:
    path = f"/projects/{project['id']}/shares"
    share = owner.rest._ask("POST", path, json={"email": other.email, "role": role})
    other.rest._ask("POST", "/shares/accept", json={"token": share["token"]})


def _project(person: Person, title: str, description: str, files: list[Path]) -> Json:
    project = person.rest.create_project(title)
    if description:
        person.rest._ask("PATCH", f"/projects/{project['id']}", json={"description": description})
    if files:
        person.rest.upload(project["id"], files)
    return project


def _projects(mira: Person, jonas: Person, folder: Path) -> dict[str, Json]:
    real = {sample.filename: sample.path for sample in SAMPLES}
    wells = [_drawn(folder, f"{row}{column:02}", 14 + 3 * at) for at, (row, column) in _wells(12)]
    course = [_drawn(folder, f"t{at:03}", 12 + at) for at in range(24)]
    balls = [_drawn(folder, f"day7-{at}", 2 + at, kind="spheroids") for at in range(4)]
    made = {
        "empty": _project(mira, "Pilot, not started", "", []),
        "jonas": _project(jonas, "Zebrafish hearts", "Light sheet, 48 hpf", wells[3:6]),
        "titration": _project(
            mira, "Antibody titration", "Ki-67, 1:50 to 1:400", [real["ihc.png"], _large(folder)]
        ),
        "spheroids": _project(
            mira, "Spheroid growth", "HCT116, day 7, bright field", [*balls, real["cell.png"]]
        ),
        "course": _project(mira, "HeLa time course", "DAPI 20x, one frame in 10 min", course),
        "plate": _project(mira, "HeLa nuclei, plate 07", "DAPI 20x, 12 wells", wells),
    }
    _share(jonas, made["jonas"], mira, "editor")
    for name, project in made.items():
        if name != "empty":
            (jonas if name == "jonas" else mira).rest.segment(project["id"])
    mira.rest.export(made["plate"]["id"], formats=["csv", "coco"])
    for name in ("plate", "spheroids", "titration", "jonas", "course"):
        _wait(mira, made[name])
    return made


def _wells(count: int) -> list[tuple[int, tuple[str, int]]]:
    return [(at, ("ABCD"[at // 4], at % 4 + 1)) for at in range(count)]


def _drawn(folder: Path, name: str, count: int, *, kind: str = "nuclei") -> Path:
    path = folder / f"{name}.png"
    if kind == "nuclei":
        picture = nuclei(count, SIDE)
        path = folder / f"{name}.tif"
        Image.fromarray((picture / picture.max() * 65535).astype(np.uint16)).save(path)
    else:
        Image.fromarray(spheroids(count)).save(path)
    return path


def _large(folder: Path) -> Path:
    path = folder / "overview-scan.png"
    Image.new("L", TOO_LARGE, 12).save(path)
    return path


def _wait(person: Person, project: Json) -> None:
    for _ in range(600):
        if person.rest.stats(project["id"])["pendingCount"] == 0:
            return
        time.sleep(0.5)
    raise TimeoutError(project["title"])


def _write_history(home: Path, person: Person) -> None:
    published = read_published(home) or {}
    engine = create_engine(published["postgresql"])
    user_id = UUID(person.rest._ask("GET", "/auth/me")["user"]["id"])
    with engine.begin() as connection:
        connection.execute(HISTORY_SQL, {"user_id": user_id})
    engine.dispose()
