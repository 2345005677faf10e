"""Images: finding, listing, inserting and deleting them; the triggers count by themselves."""

from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, text
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.engine import RowMapping

from shared.database import quality
from shared.database.files import late_outputs
from shared.database.paging import Cut, Page, both_ways, containing, cut_clauses, page_of
from shared.database.tables import ImageRow

#: The words of `?sort=`; a leading minus turns the order round.
ORDERS = {
    **both_ways("i.created_at", "timestamptz", "createdAt"),
    **both_ways("lower(i.filename)", "text", "filename"),
    **both_ways("coalesce(i.object_count, -1)", "bigint", "objectCount"),
    **quality.ORDERS,
}

#: An image `i`, and how far the run at work on it is.
_AT_WORK = """FROM images AS i
LEFT JOIN runs AS r ON r.image_id = i.id AND r.status = 'running'"""
_SHOWN = "i.*, r.tiles_done, r.tiles_total"

_LIST = f"SELECT {_SHOWN}, {{sort_key}} AS sort_key {_AT_WORK} WHERE {{condition}} {{tail}}"

_ONE = text(
    f"SELECT {_SHOWN} {_AT_WORK} JOIN projects AS p ON p.id = i.project_id"
    " WHERE i.id = :image_id AND NOT p.deleting"
)

_SAME_CONTENT = text(
    """
SELECT sha256, (array_agg(id ORDER BY page))[1] AS id FROM images
WHERE project_id = :project_id AND sha256 = ANY(:hashes)
GROUP BY sha256 HAVING NOT :whole OR count(*) >= max(pages)
"""
)

_INDEX = (
    "SELECT i.id, i.status, i.object_count, {sort_key} AS sort_key FROM images AS i"
    " WHERE {condition} {tail}"
)

_CHOSEN = "SELECT i.id FROM images AS i WHERE {condition} ORDER BY i.id"

_NEXT_CHUNK = text("SELECT id FROM images WHERE project_id = :project_id ORDER BY id LIMIT :limit")

# Rows are locked in the order of their ids, as every statement does that takes several of them.
_LOCK = text(
    "SELECT id FROM images WHERE project_id = :project_id AND id = ANY(:ids) ORDER BY id FOR UPDATE"
)

# The pages of a file share it: it goes with the last of them. Deletions in one project wait for
# each other, so of two pages that go at once the second sees that the first is gone.
# A statement of its own, after the lock: a run that succeeded while this one waited for the
# image is seen, and its result goes too. Runs go by their foreign key; a worker that is at one
# finds no row when it renews.
_DELETE = text(
    f"""
WITH doomed AS (
    SELECT id, sha256, storage_key, thumbnail_key FROM images
    WHERE project_id = :project_id AND id = ANY(:ids)
),
files AS (
    INSERT INTO file_deletions (path)
    SELECT storage_key FROM doomed
    EXCEPT SELECT storage_key FROM images
           WHERE project_id = :project_id AND sha256 = ANY(ARRAY(SELECT sha256 FROM doomed))
           AND id <> ALL(:ids)
    UNION SELECT thumbnail_key FROM doomed
    UNION SELECT result_path FROM runs
          WHERE image_id = ANY(ARRAY(SELECT id FROM doomed)) AND result_path IS NOT NULL
    UNION SELECT 'tiles/' || id || '/' FROM doomed
),
later AS (
    INSERT INTO file_deletions (path, due_at)
    {late_outputs("runs JOIN doomed ON doomed.id = runs.image_id", "runs", "token")}
)
DELETE FROM images WHERE id = ANY(ARRAY(SELECT id FROM doomed)) RETURNING id
"""  # noqa: S608 - built from constants of this package
)


#: PostgreSQL takes 65,535 parameters in a statement, and a row has fewer than 20.
ROWS_AT_ONCE = 3_000


@dataclass(frozen=True, slots=True)
class NewImage:
    """An accepted image before its row; its files lie in storage already."""

    id: UUID
    project_id: UUID
    filename: str
    sha256: str
    bytes: int
    width: int
    height: int
    channels: int
    bit_depth: int
    pixel_size_um: float | None
    page: int
    pages: int
    modality: str
    storage_key: str
    thumbnail_key: str
    relative_path: str | None = None


@dataclass(frozen=True, slots=True)
class ImageFilter:
    """Which images of a project are asked for."""

    project_id: UUID
    statuses: list[str] = field(default_factory=list)  #: Empty: every status.
    words: str = ""  #: What the file name contains.
    ids: list[UUID] = field(default_factory=list)  #: Empty: whichever they are.


def image(connection: Connection, image_id: UUID) -> RowMapping | None:
    """Return the image; None when it, or its project, is gone."""
    return connection.execute(_ONE, {"image_id": image_id}).mappings().first()


def list_images(connection: Connection, chosen: ImageFilter, cut: Cut) -> Page:
    """Return one page of a project's images."""
    return _list(connection, _LIST, chosen, cut)


def index_images(connection: Connection, chosen: ImageFilter, cut: Cut) -> Page:
    """Return the same page, of each image its id, status and number of objects alone."""
    return _list(connection, _INDEX, chosen, cut)


def _list(connection: Connection, listing: str, chosen: ImageFilter, cut: Cut) -> Page:
    below, tail, parameters = cut_clauses(cut, "i.id")
    condition, values = matching(chosen)
    values |= quality.sorting(connection, chosen.project_id, cut.order)
    statement = text(
        listing.format(
            sort_key=cut.order.expression, condition=f"{condition} AND {below}", tail=tail
        )
    )
    rows = connection.execute(statement, parameters | values).mappings().all()
    return page_of(rows, cut.limit)


def matching_ids(connection: Connection, chosen: ImageFilter) -> list[UUID]:
    """Return the ids of all the images that match."""
    condition, values = matching(chosen)
    statement = text(_CHOSEN.format(condition=condition))
    return list(connection.execute(statement, values).scalars())


def next_chunk(connection: Connection, project_id: UUID, limit: int) -> list[UUID]:
    """Return the ids of some images of the project; empty when there are none left."""
    values = {"project_id": project_id, "limit": limit}
    return list(connection.execute(_NEXT_CHUNK, values).scalars())


def with_content(
    connection: Connection, project_id: UUID, hashes: list[str], *, whole: bool = False
) -> dict[str, UUID]:
    """Return, by SHA-256, the first images of the project that have one of these contents.

    With *whole*, only of files of which the project has every page.
    """
    values = {"project_id": project_id, "hashes": hashes, "whole": whole}
    return {row.sha256: row.id for row in connection.execute(_SAME_CONTENT, values)}


def insert_new(connection: Connection, images: list[NewImage]) -> dict[UUID, RowMapping]:
    """Insert the images whose content the project lacks; return the rows inserted, by id.

    One statement, one delta, for as many as a statement has parameters. It inserts in the order of
    contents, so that two requests with the same files wait for each other and never in a circle.
    """
    rows: list[dict[str, Any]] = [
        # A microsecond apart: images of one request keep its order in every list.
        asdict(each) | {"created_at": func.now() + text(f"interval '{place} microseconds'")}
        for place, each in enumerate(images)
    ]
    rows.sort(key=lambda row: (str(row["sha256"]), row["page"]))
    inserted: dict[UUID, RowMapping] = {}
    for first in range(0, len(rows), ROWS_AT_ONCE):
        statement = (
            pg_insert(ImageRow)
            .values(rows[first : first + ROWS_AT_ONCE])
            .on_conflict_do_nothing()
            .returning(*ImageRow.__table__.columns)
        )
        inserted |= {row["id"]: row for row in connection.execute(statement).mappings()}
    return inserted


def delete(connection: Connection, project_id: UUID, ids: list[UUID]) -> list[UUID]:
    """Delete the images with their runs, leave their files to the janitor, return who went."""
    values = {"project_id": project_id, "ids": ids}
    connection.execute(_LOCK, values)
    return list(connection.execute(_DELETE, values).scalars())


def matching(chosen: ImageFilter) -> tuple[str, dict[str, Any]]:
    """Return the condition on the image `i`, and what it is asked with."""
    conditions, values = ["i.project_id = :project_id"], {"project_id": chosen.project_id}
    parameters: dict[str, Any] = dict(values)
    if chosen.statuses:
        conditions.append("i.status = ANY(:statuses)")
        parameters["statuses"] = chosen.statuses
    if chosen.ids:
        conditions.append("i.id = ANY(:ids)")
        parameters["ids"] = chosen.ids
    if chosen.words:
        conditions.append("i.filename ILIKE :words")
        parameters["words"] = containing(chosen.words)
    return " AND ".join(conditions), parameters
