"""Lists in pages that begin after the last row seen, so that nothing is skipped or shown twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.engine import RowMapping


@dataclass(frozen=True, slots=True)
class Order:
    """What a list is sorted by: SQL that is never NULL, its type, and the direction."""

    expression: str
    kind: str
    descending: bool = False

    @property
    def direction(self) -> str:
        return "DESC" if self.descending else "ASC"


@dataclass(frozen=True, slots=True)
class Position:
    """A row's place in a list: its sort key as text, and its id among equal keys."""

    key: str
    id: UUID


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a list; `end` is where the next page begins, None at the end."""

    rows: Sequence[RowMapping]
    end: Position | None


@dataclass(frozen=True, slots=True)
class Cut:
    """Which part of a list is asked for."""

    order: Order
    limit: int
    after: Position | None = None


def both_ways(expression: str, kind: str, name: str) -> dict[str, Order]:
    """Return the orders *name* and, newest or largest first, -*name*."""
    return {
        name: Order(expression, kind),
        f"-{name}": Order(expression, kind, descending=True),
    }


def cut_clauses(cut: Cut, identifier: str) -> tuple[str, str, dict[str, Any]]:
    """Return the condition, the ORDER BY … LIMIT, and their parameters.

    The query selects `cut.order.expression` as `sort_key`. One row more than asked for
    is fetched: it tells whether there is a next page.
    """
    order = cut.order
    tail = f"ORDER BY sort_key {order.direction}, {identifier} {order.direction} LIMIT :fetched"
    parameters: dict[str, Any] = {"fetched": cut.limit + 1}
    if cut.after is None:
        return "true", tail, parameters
    sign = "<" if order.descending else ">"
    parameters |= {"after_key": cut.after.key, "after_id": cut.after.id}
    condition = (
        f"({order.expression}, {identifier}) {sign} (CAST(:after_key AS {order.kind}), :after_id)"
    )
    return condition, tail, parameters


def page_of(rows: Sequence[RowMapping], limit: int) -> Page:
    """Return the page, given one row more than its limit when there is a next page."""
    if len(rows) <= limit:
        return Page(rows, None)
    kept = rows[:limit]
    return Page(kept, Position(_as_text(kept[-1]["sort_key"]), kept[-1]["id"]))


def containing(words: str) -> str:
    """Return the LIKE pattern of texts that contain *words* as they stand."""
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _as_text(key: Any) -> str:
    return key.isoformat() if isinstance(key, datetime) else str(key)
