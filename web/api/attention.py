"""What of all the account's projects wants somebody: failed images, and how long others wait."""

from flask import Blueprint

from shared.database import attention
from web import access
from web.access import services
from web.api.dashboard_requests import WaitingQuery
from web.api.exchange import exchange
from web.api.run_schemas import FailureCauses
from web.api.schemas import ProjectWaiting, ProjectWaitingList
from web.api.shapes import failure_cause, waiting_json

blueprint = Blueprint("attention", __name__)


@blueprint.get("/failures")
@access.signed_in
@exchange(gives=FailureCauses)
def show_causes() -> FailureCauses:
    """List why images failed in the projects that the account may see, the most frequent first."""
    with services().database.reading() as connection:
        rows = attention.causes(connection, access.current_account().id)
    return FailureCauses(items=[failure_cause(row) for row in rows], next_cursor=None)


@blueprint.get("/waiting")
@access.signed_in
@exchange(asks=WaitingQuery, gives=ProjectWaitingList)
def show_waiting(query: WaitingQuery) -> ProjectWaitingList:
    """Answer why and how long the last queued image of each of the projects waits.

    Projects that have none, and those that the account may not see, are left out.
    """
    account = access.current_account()
    with services().database.reading() as connection:
        found = attention.last_places(connection, account.id, query.project_ids)
    items = [
        ProjectWaiting(project_id=project_id, waiting=waiting_json(place))
        for project_id, place in found.items()
    ]
    return ProjectWaitingList(items=items, next_cursor=None)
