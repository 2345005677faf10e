"""`export.50k_objects`: 50 images of 1,000 objects each as COCO, GeoJSON and CSV.

Real are PostgreSQL, the rows, the stored results on a disk, the ZIP stored there durably, and the
commit that offers it: what a worker does from the claim to the end, in a process of its own. Its
peak of memory is that of the whole process; a worker's child has Celery, and the engines it used,
beside that. Each result is another file with the same content, of disks that differ in size.
Without a peer; beside it stands the goal.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from statistics import median
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text

from bench.measurement import Measurement
from bench.rounds import Scale
from bench.rows import insert_images, insert_project
from bench.servers import Bench, bench_servers
from shared.database import exports
from shared.database.engine import Database, plain_url
from shared.database.exports import NewExport
from shared.domain.engines import Segmentation
from shared.domain.exports import ExportFormat, Selection
from shared.domain.result_files import RESULT_FILES, key_of
from shared.results import save_result
from shared.storage import open_storage

NAMES = ("export.50k_objects", "export.50k_objects.memory")

IMAGES, SIDE, PITCH = 50, 1024, 32
_GOAL_SECONDS, _GOAL_MB = 10.0, 200.0
_FORMATS = (ExportFormat.COCO, ExportFormat.GEOJSON, ExportFormat.CSV)
_OBJECTS = 1_000

_RUN = text(
    """
INSERT INTO runs (image_id, project_id, user_id, engine, engine_version, params, queue,
                  soft_seconds, hard_seconds, max_attempts)
SELECT id, project_id, :user_id, 'none', '1', '{}', 'segment.cpu', 120, 150, 3
FROM images WHERE project_id = :project_id RETURNING id, image_id
"""
)
_CLAIM = text(
    """
UPDATE runs SET status = 'running', attempt = 1, token = gen_random_uuid(), started_at = now(),
                lease_until = now() + interval '1 hour'
WHERE project_id = :project_id
"""
)
_END = text(
    """
UPDATE runs SET status = 'succeeded', token = NULL, lease_until = NULL, finished_at = now(),
                object_count = :objects, duration_ms = 100,
                result_path = 'results/' || image_id || '/' || id || '/'
WHERE project_id = :project_id
"""
)
_MOVE = text("UPDATE images SET status = :status WHERE project_id = :project_id")
_SHOW = text(
    """
UPDATE images AS i SET status = 'segmented', object_count = :objects, current_run_id = r.id,
                       run_ms = 100, segmented_at = now(), width = :side, height = :side
FROM runs AS r WHERE r.image_id = i.id AND i.project_id = :project_id
"""
)


def run(scale: Scale) -> Iterator[Measurement]:
    """Make the project once, and export it in a new process each round."""
    with bench_servers() as bench:
        project_id, user_id = insert_project(bench.database)
        _segment(bench, project_id, user_id, images=scale.of(IMAGES))
        rounds = [_export(bench, project_id, user_id) for _ in range(scale.rounds)]
    seconds, memory = (median(figures) for figures in zip(*rounds, strict=True))
    yield Measurement("export.50k_objects", seconds, "s", "the goal", _GOAL_SECONDS)
    yield Measurement("export.50k_objects.memory", memory, "MB", "the goal", _GOAL_MB)


def _segment(bench: Bench, project_id: UUID, user_id: UUID, *, images: int) -> None:
    values = {"project_id": project_id, "user_id": user_id, "objects": _OBJECTS, "side": SIDE}
    insert_images(bench.database, project_id, images)
    for statement, more in ((_MOVE, "queued"), (_RUN, ""), (_MOVE, "processing"), (_CLAIM, "")):
        bench.database.transact(
            lambda tx, statement=statement, more=more: tx.execute(  # type: ignore[misc]
                statement, values | {"status": more}
            )
        )
    for statement in (_END, _SHOW):
        bench.database.transact(lambda tx, statement=statement: tx.execute(statement, values))  # type: ignore[misc]
    _store(bench)


def _store(bench: Bench) -> None:
    storage = open_storage(_storage_of(bench))
    labels = objects(_OBJECTS)
    save_result(
        storage,
        "results/one/",
        segmentation=Segmentation(labels),
        image=(labels % 251).astype(np.uint8)[:, :, np.newaxis],
        pixel_size_um=0.5,
    )
    with bench.database.reading() as connection:
        paths = connection.execute(text("SELECT result_path FROM runs")).scalars().all()
    for name in RESULT_FILES:
        content = storage.read(key_of("results/one/", name))
        for path in paths:
            storage.put(key_of(path, name), content)


def objects(count: int) -> NDArray[np.uint32]:
    """Return labels with *count* disks of 8 to 15 pixels radius in rows."""
    labels = np.zeros((SIDE, SIDE), np.uint32)
    y, x = np.mgrid[:PITCH, :PITCH] - PITCH // 2
    for label in range(1, count + 1):
        row, column = divmod(label - 1, SIDE // PITCH)
        tile = labels[row * PITCH : (row + 1) * PITCH, column * PITCH : (column + 1) * PITCH]
        tile[x**2 + y**2 <= (8 + label % 8) ** 2] = label
    return labels


def _export(bench: Bench, project_id: UUID, user_id: UUID) -> tuple[float, float]:
    new = NewExport(project_id, user_id, _FORMATS, Selection())
    export_id = bench.database.transact(
        lambda tx: exports.insert(tx.connection, new, total=IMAGES)["id"]
    )
    words = [sys.executable, "-m", "bench.export_child", plain_url(bench.urls.database)]
    told = subprocess.run(
        [*words, _storage_of(bench), str(export_id)], check=True, capture_output=True, text=True
    )
    _check(bench.database, export_id)
    figures = json.loads(told.stdout.splitlines()[-1])
    return figures["seconds"], figures["megabytes"]


def _check(database: Database, export_id: UUID) -> None:
    with database.reading() as connection:
        row = exports.export(connection, export_id)
    assert row is not None
    assert (row["status"], row["detail"]) == ("done", None), f"the export is {row['status']}"


def _storage_of(bench: Bench) -> str:
    return (bench.home / "files").as_uri()
