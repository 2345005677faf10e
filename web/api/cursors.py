"""Where the next page of a list begins, as a word that clients need not understand."""

import base64
import json
import math
from datetime import datetime
from uuid import UUID

from shared.database.paging import Cut, Order, Page, Position
from shared.domain.errors import InvalidInputError

_BIGINT = 1 << 63


def cut_of(order: Order, *, sort: str, limit: int, cursor: str | None) -> Cut:
    """Return the part of the list that is asked for; refuse a cursor of another order."""
    return Cut(order, limit, None if cursor is None else _position(cursor, order, sort))


def cursor_of(page: Page, *, sort: str) -> str | None:
    """Return the cursor of the page after this one; None at the end of the list."""
    if page.end is None:
        return None
    content = json.dumps([sort, page.end.key, str(page.end.id)], ensure_ascii=False)
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def _position(cursor: str, order: Order, sort: str) -> Position:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        given, key, identifier = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        position = Position(str(key), UUID(identifier))
        valid = given == sort and _is_key(position.key, order.kind)
    except (ValueError, TypeError, AttributeError, RecursionError):
        valid = False
    if not valid:
        problem = "The cursor is not one of this list. Begin again without it."
        raise InvalidInputError(
            problem, code="invalid_cursor", errors=[{"field": "cursor", "detail": problem}]
        )
    return position


def _is_key(key: str, kind: str) -> bool:
    """Tell whether PostgreSQL can read the key; ValueError says no as well."""
    if kind == "timestamptz":
        return datetime.fromisoformat(key).tzinfo is not None
    if kind == "bigint":
        return str(int(key)) == key and -_BIGINT <= int(key) < _BIGINT
    if kind == "float8":
        # As we write it: Python reads numbers that PostgreSQL does not, such as 1_0 and 1e-400.
        return str(float(key)) == key and math.isfinite(float(key))
    return "\0" not in key and key.isprintable()
