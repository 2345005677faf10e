"""The feed: what happened in the projects that the account may see."""

from uuid import UUID

from flask import Blueprint

from shared.database import activities
from shared.database.activities import FeedFilter
from shared.domain.errors import InvalidInputError
from web import access
from web.access import services
from web.api.exchange import exchange
from web.api.requests import ActivityQuery
from web.api.schemas import ActivityList

blueprint = Blueprint("activity", __name__)


@blueprint.get("/activity")
@access.signed_in
@exchange(asks=ActivityQuery, gives=ActivityList)
def show_activity(query: ActivityQuery) -> ActivityList:
    """List what happened, newest first; `before` is the last entry of the page before.

    An entry stays where it began: one that grows keeps its place and raises its version.
    """
    return activity_of(access.current_account().id, query)


def activity_of(user_id: UUID, query: ActivityQuery) -> ActivityList:
    """Return one page of a user's feed; the feed's page begins with the same values."""
    chosen = FeedFilter(user_id, query.project, query.type)
    with services().database.reading() as connection:
        before = None
        if query.before is not None:
            at = activities.place_of(connection, user_id, query.before)
            if at is None:
                problem = "There is no such entry (any more). Begin again without it."
                raise InvalidInputError(
                    problem, code="invalid_cursor", errors=[{"field": "before", "detail": problem}]
                )
            before = (at, query.before)
        items, more = activities.list_activities(
            connection, chosen, limit=query.limit, before=before
        )
    return ActivityList(items=items, next_cursor=items[-1].id if more else None)
