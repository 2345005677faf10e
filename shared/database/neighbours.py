"""Which images stand before and after one, in the order of the gallery."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

#: `?sort=` of the gallery; the statement below walks the same order.
GALLERY_ORDER = "filename"

_PLACE = text(
    """
WITH me AS (SELECT project_id, lower(filename) AS name, id FROM images WHERE id = :image_id),
others AS (SELECT i.id, (lower(i.filename), i.id) < (me.name, me.id) AS before,
                  lower(i.filename) AS name
           FROM images AS i JOIN me USING (project_id) WHERE i.id <> me.id)
SELECT (SELECT id FROM others WHERE before ORDER BY name DESC, id DESC LIMIT 1) AS previous,
       (SELECT id FROM others WHERE NOT before ORDER BY name, id LIMIT 1) AS next,
       (SELECT count(*) FROM others WHERE before) + 1 AS position,
       (SELECT count(*) FROM others) + 1 AS total
"""
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an image stands among those of its project."""

    previous: UUID | None
    next: UUID | None
    position: int
    total: int


def place_of(connection: Connection, image_id: UUID) -> Place:
    """Return the place of an image that exists, and its neighbours."""
    row = connection.execute(_PLACE, {"image_id": image_id}).one()
    return Place(row.previous, row.next, row.position, row.total)
