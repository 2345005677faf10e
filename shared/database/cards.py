"""Projects as their cards show them, for one user."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, TextClause, text
from sqlalchemy.engine import RowMapping

from shared.database.access import MEMBERS
from shared.database.paging import Cut, Page, both_ways, containing, cut_clauses, page_of

#: The words of `?sort=`; a leading minus turns the order round.
ORDERS = {
    **both_ways("greatest(p.updated_at, t.last_updated)", "timestamptz", "updatedAt"),
    **both_ways("p.created_at", "timestamptz", "createdAt"),
    **both_ways("lower(p.title)", "text", "title"),
}

_MINE = "SELECT id, 'owner' AS role FROM projects WHERE owner_id = :user_id"
_SHARED = f"SELECT project_id, role FROM ({MEMBERS.format(condition='m.user_id = :user_id')}) AS m"  # noqa: S608

#: The words of `?owner=`.
OWNERS = {"mine": _MINE, "shared": _SHARED, "all": f"{_MINE} UNION ALL {_SHARED}"}

#: Of so many of its newest images a card shows so many, those with a result first.
LOOKED_AT, PICTURES = 24, 5

#: Members that a card names.
NAMED = 4

_CARDS = """
WITH reach (id, role) AS ({reach})
SELECT p.id, p.title, p.description, p.pixel_size_um, p.channels, p.created_at, reach.role,
       greatest(p.updated_at, t.last_updated) AS updated_at,
       p.owner_id, u.name AS owner_name, newest.ids[1] AS newest_image_id,
       pictures.ids AS picture_ids, pictures.runs AS picture_runs,
       company.names AS member_names, company.count AS member_count, {sort_key} AS sort_key
FROM reach
JOIN projects AS p USING (id)
JOIN users AS u ON u.id = p.owner_id
JOIN project_stats AS t ON t.project_id = p.id
CROSS JOIN LATERAL (
    SELECT array_agg(id ORDER BY created_at DESC, id DESC) AS ids,
           array_agg(current_run_id ORDER BY created_at DESC, id DESC) AS runs
    FROM (SELECT id, created_at, current_run_id FROM images WHERE project_id = p.id
          ORDER BY created_at DESC, id DESC LIMIT {looked_at}) AS latest
) AS newest
CROSS JOIN LATERAL (
    SELECT array_agg(id ORDER BY place) AS ids, array_agg(run ORDER BY place) AS runs
    FROM (SELECT id, run, row_number() OVER (ORDER BY run IS NULL, at) AS place
          FROM unnest(newest.ids, newest.runs) WITH ORDINALITY AS seen (id, run, at)
          ORDER BY place LIMIT {pictures}) AS chosen
) AS pictures
CROSS JOIN LATERAL (
    SELECT (array_agg(them.name ORDER BY lower(them.name)))[1:{named}] AS names, count(*) AS count
    FROM ({members}) AS m JOIN users AS them ON them.id = m.user_id
) AS company
WHERE NOT p.deleting AND {condition}
{tail}
"""


def _cards(reach: str, *, sort_key: str, condition: str, tail: str) -> TextClause:
    return text(
        _CARDS.format(
            reach=reach,
            sort_key=sort_key,
            condition=condition,
            tail=tail,
            members=MEMBERS.format(condition="s.project_id = p.id"),
            looked_at=LOOKED_AT,
            pictures=PICTURES,
            named=NAMED,
        )
    )


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
    statement = _cards(
        OWNERS[chosen.owner], sort_key=cut.order.expression, condition=condition, tail=tail
    )
    rows = connection.execute(statement, parameters | {"user_id": chosen.user_id}).mappings().all()
    return page_of(rows, cut.limit)


def card(connection: Connection, user_id: UUID, project_id: UUID) -> RowMapping | None:
    """Return one project as its card shows it; None when the user may not see it."""
    statement = _cards(OWNERS["all"], sort_key="NULL", condition="p.id = :project_id", tail="")
    values = {"user_id": user_id, "project_id": project_id}
    return connection.execute(statement, values).mappings().first()
