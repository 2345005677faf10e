"""What must hold in every database, whatever happened to it, as questions that list offenders."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.engine import RowMapping

#: A lease that ended this long ago should have been swept: a sweep comes every 5 s.
SWEPT_SECONDS = 15

#: Deltas are folded and messages published within a second; this is far beyond.
UNTOLD_SECONDS = 60

_LAST_FINISHED = """
    SELECT f.status FROM runs AS f
    WHERE f.image_id = i.id AND f.status IN ('succeeded', 'failed')
    ORDER BY f.finished_at DESC, f.seq DESC LIMIT 1
"""

#: They hold at every moment, in whatever order things happen.
ALWAYS = {
    "an image has two active runs (Q1)": """
SELECT image_id FROM runs WHERE status IN ('queued', 'running')
GROUP BY image_id HAVING count(*) > 1
""",
    "a running run holds no lease, or an idle one does": """
SELECT id FROM runs
WHERE (status = 'running') <> (token IS NOT NULL AND lease_until IS NOT NULL AND pid IS NOT NULL)
""",
    "an image is queued without a waiting run, or the other way round": """
SELECT i.id FROM images AS i
WHERE (i.status = 'queued')
   <> EXISTS (SELECT FROM runs AS r WHERE r.image_id = i.id AND r.status = 'queued')
""",
    "an image is processing without a running run, or the other way round": """
SELECT i.id FROM images AS i
WHERE (i.status = 'processing')
   <> EXISTS (SELECT FROM runs AS r WHERE r.image_id = i.id AND r.status = 'running')
""",
    "the current run is not a succeeded run of the image with its number of objects": """
SELECT i.id FROM images AS i
WHERE i.current_run_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM runs AS r WHERE r.id = i.current_run_id AND r.image_id = i.id
    AND r.status = 'succeeded' AND r.object_count = i.object_count AND r.duration_ms = i.run_ms)
""",
    "a settled image is not what its current run says (rules.md 19)": """
SELECT i.id FROM images AS i
WHERE i.current_run_id IS NOT NULL AND i.status NOT IN ('queued', 'processing')
  AND i.status <> CASE WHEN i.object_count > 0 THEN 'segmented' ELSE 'no_objects' END
""",
    "a settled image without a result is not what its last run says (rules.md 19)": f"""
SELECT i.id FROM images AS i
WHERE i.current_run_id IS NULL AND i.status NOT IN ('queued', 'processing')
  AND i.status <> CASE WHEN ({_LAST_FINISHED}) = 'failed' THEN 'failed' ELSE 'uploaded' END
""",  # noqa: S608
    "an image without a result counts objects": """
SELECT id FROM images WHERE current_run_id IS NULL AND object_count IS NOT NULL
""",
    "the last run failed and the image does not say why, or the other way round": f"""
SELECT i.id FROM images AS i
WHERE i.status NOT IN ('queued', 'processing')
  AND (i.last_error_code IS NOT NULL) <> (coalesce(({_LAST_FINISHED}), '') = 'failed')
""",  # noqa: S608
    "a run is of another project than its image": """
SELECT r.id FROM runs AS r JOIN images AS i ON i.id = r.image_id
WHERE i.project_id <> r.project_id
""",
    "a run that ended says no time, or one that did not end does": """
SELECT id FROM runs
WHERE (status IN ('succeeded', 'failed', 'cancelled')) <> (finished_at IS NOT NULL)
""",
}

#: They hold while every process is at work.
IN_TIME = {
    "a run is running without a worker, or its lease ended and nobody swept it": f"""
SELECT id FROM runs WHERE status = 'running'
  AND (worker IS NULL OR lease_until < now() - interval '{SWEPT_SECONDS} seconds')
""",  # noqa: S608 - the numbers are constants of this module
    f"a change is not folded into its tally after {UNTOLD_SECONDS} s": f"""
SELECT id FROM stats_deltas WHERE at < now() - interval '{UNTOLD_SECONDS} seconds'
""",  # noqa: S608
    f"a message is not published after {UNTOLD_SECONDS} s": f"""
SELECT id FROM outbox WHERE created_at < now() - interval '{UNTOLD_SECONDS} seconds'
""",  # noqa: S608
    "an export is running, and its lease ended and nobody swept it": f"""
SELECT id FROM exports
WHERE status = 'running' AND lease_until < now() - interval '{SWEPT_SECONDS} seconds'
""",  # noqa: S608
    f"an upload has all its bytes and is not finished {UNTOLD_SECONDS} s after it was due": f"""
SELECT id FROM uploads
WHERE state = 'finishing' AND due_at < now() - interval '{UNTOLD_SECONDS} seconds'
  AND coalesce(writer_until < now(), true)
""",  # noqa: S608
}

_IMAGES = """
SELECT i.id, i.storage_key, r.result_path
FROM images AS i LEFT JOIN runs AS r ON r.id = i.current_run_id
"""

_PAGE = text(f"{_IMAGES} WHERE i.id > :after ORDER BY i.id LIMIT :limit")

_IMAGE = text(f"{_IMAGES} WHERE i.id = :id")

_PARTS = text(
    """
SELECT id, parts FROM uploads WHERE state = 'receiving' AND id = coalesce(:only, id)
ORDER BY expires_at DESC LIMIT :limit
"""
)

_KEEP = text("INSERT INTO audits (offenders) VALUES (CAST(:offenders AS jsonb))")

# A night begins at 3:00 UTC: whoever was down then audits at the next start.
_IS_DUE = text(
    """
SELECT NOT EXISTS (
    SELECT FROM audits WHERE finished_at
        >= date_trunc('day', now() - interval '3 hours') + interval '3 hours')
"""
)

_FORGET = text("DELETE FROM audits WHERE finished_at < now() - interval '90 days'")


@dataclass(frozen=True, slots=True)
class Offenders:
    """The rows that break an invariant: how many, and the first ids."""

    count: int = 0
    first: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredImage:
    """Where the files of an image must be."""

    id: UUID
    original: str
    result: str | None  #: The folder of the current result.


def offences(connection: Connection) -> dict[str, list[str]]:
    """Return, for each invariant that must always hold and does not, the rows that break it."""
    answers = {
        name: [str(row[0]) for row in connection.execute(text(question))]
        for name, question in ALWAYS.items()
    }
    return {name: rows for name, rows in answers.items() if rows}


def offenders(connection: Connection, question: str, *, at_most: int) -> Offenders:
    """Return how many rows a question finds, and the ids of *at_most* of them."""
    some = text(
        f"SELECT found.id, count(*) OVER () AS n FROM ({question}) AS found (id) LIMIT :at_most"  # noqa: S608 - ours, see above
    )
    rows = connection.execute(some, {"at_most": at_most}).all()
    return Offenders(rows[0].n, tuple(str(row.id) for row in rows)) if rows else Offenders()


def images_after(connection: Connection, after: UUID, limit: int) -> list[StoredImage]:
    """Return a page of images in the order of their ids, behind the image *after*."""
    rows = connection.execute(_PAGE, {"after": after, "limit": limit}).mappings()
    return [_stored(row) for row in rows]


def stored_image(connection: Connection, image_id: UUID) -> StoredImage | None:
    """Return where the image's files must be now; None when it is gone."""
    row = connection.execute(_IMAGE, {"id": image_id}).mappings().first()
    return None if row is None else _stored(row)


def parts_of_uploads(
    connection: Connection, limit: int, *, only: UUID | None = None
) -> dict[UUID, list[str]]:
    """Return which parts the newest uploads that are on their way must have, or *only* that one."""
    rows = connection.execute(_PARTS, {"limit": limit, "only": only})
    return {row.id: row.parts for row in rows}


def is_due(connection: Connection) -> bool:
    """Tell whether there was no audit yet since the last night began."""
    return bool(connection.execute(_IS_DUE).scalar_one())


def keep(connection: Connection, offenders_json: str) -> None:
    """Keep what an audit found, for 90 days."""
    connection.execute(_FORGET)
    connection.execute(_KEEP, {"offenders": offenders_json})


def _stored(row: RowMapping) -> StoredImage:
    return StoredImage(row["id"], row["storage_key"], row["result_path"])
