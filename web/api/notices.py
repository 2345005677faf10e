"""What the operator tells everybody now."""

from flask import Blueprint

from shared.database import notices
from shared.domain.events import Notice
from web import access
from web.access import services
from web.api.exchange import exchange
from web.api.schemas import NoticeList

blueprint = Blueprint("notices", __name__)


@blueprint.get("/notices")
@access.signed_in
@exchange(gives=NoticeList)
def show_notices() -> NoticeList:
    """List the notices that stay on every page, the oldest first."""
    with services().database.reading() as connection:
        rows = notices.staying(connection)
    items = [
        Notice(level=row["level"], code=row["code"], text=row["text"], timestamp=row["at"])
        for row in rows
    ]
    return NoticeList(items=items, next_cursor=None)
