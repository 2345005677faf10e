"""Projects as their cards show them, for one user."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.engine import RowMapping

from shared.database.paging import Cut, Page, both_ways, containing, cut_clauses, page_of

#: The words of `?sort=`; a leading minus turns the order round.
ORDERS = {
    **both_ways("greatest(p.updated_at, t.last_updated)", "timestamptz", "updatedAt"),
    **both_ways("p.created_at", "timestamptz", "createdAt"),
    **both_ways("lower(p.title)", "text", "title"),
}

_MINE = "SELECT id, 'owner' AS role FROM projects WHERE owner_id = :user_id"
_SHARED = """
SELECT project_id, role FROM project_shares
WHERE user_id = :user_id AND status = 'accepted' AND (expires_at IS NULL OR expires_at > now())
"""

#: The words of `?owner=`.
OWNERS = {"mine": _MINE, "shared": _SHARED, "all": f"{_MINE} UNION ALL {_SHARED}"}

_CARDS = """
WITH reach (id, role) AS ({reach})
SELECT p.id, p.title, p.description, p.pixel_size_um, p.created_at, reach.role,
       greatest(p.updated_at, t.last_updated) AS updated_at,
       p.owner_id, u.name AS owner_name, newest.id AS newest_image_id, {sort_key} AS sort_key
FROM reach
JOIN projects AS p USING (id)
JOIN users AS u ON u.id = p.owner_id
JOIN project_stats AS t ON t.project_id = p.id
LEFT JOIN LATERAL (
    SELECT id FROM images WHERE project_id = p.id ORDER BY created_at DESC, id DESC LIMIT 1
) AS newest ON true
WHERE NOT p.deleting AND {condition}
{tail}
"""


@dataclass(frozen=True, slots=True)
class CardFilter:
    """Which projects are asked for."""

    user_id: UUID
    owner: str = "all"  #: A word of OWNERS.
    words: str = ""  #: What the title contains.


def list_cards(connection: Connection, chosen: CardFilter, cut: Cut) -> Page:
    """Return the projects that the user may see, one page of them."""
    condition, tail, parameters = cut_clauses(cut, "p.id")
    if chosen.words:
        condition += " AND p.title ILIKE :words"
        parameters["words"] = containing(chosen.words)
    reach, sort_key = OWNERS[chosen.owner], cut.order.expression
    statement = text(_CARDS.format(reach=reach, sort_key=sort_key, condition=condition, tail=tail))
    rows = connection.execute(statement, parameters | {"user_id": chosen.user_id}).mappings().all()
    return page_of(rows, cut.limit)


def card(connection: Connection, user_id: UUID, project_id: UUID) -> RowMapping | None:
    """Return one project as its card shows it; None when the user may not see it."""
    statement = text(
        _CARDS.format(reach=OWNERS["all"], sort_key="NULL", condition="p.id = :project_id", tail="")
    )
    values = {"user_id": user_id, "project_id": project_id}
    return connection.execute(statement, values).mappings().first()
