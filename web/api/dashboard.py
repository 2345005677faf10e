"""The dashboard in one answer."""

from uuid import UUID

from flask import Blueprint

from shared.actions.recompute_dashboard import refresh_dashboard
from shared.database import activities, cards
from shared.database.activities import FeedFilter
from shared.database.cards import CardFilter
from shared.database.paging import Cut
from web import access
from web.access import services
from web.api.exchange import exchange
from web.api.schemas import DashboardAnswer
from web.api.shapes import project_list

blueprint = Blueprint("dashboard", __name__)

#: Cards on the dashboard; the whole list is `/projects`.
CARDS = 200

#: Entries of the feed on it; the whole of it is `/activity`.
LATEST = 10

ORDER = "-updatedAt"


@blueprint.get("/dashboard")
@access.signed_in
@exchange(gives=DashboardAnswer)
def show_dashboard() -> DashboardAnswer:
    """Answer the account's totals, its projects, and what happened lately, the latest first."""
    return dashboard_of(access.current_account().id)


def dashboard_of(user_id: UUID) -> DashboardAnswer:
    """Return a user's dashboard; the page begins with the same values."""
    metrics = refresh_dashboard(services().database, user_id)
    with services().database.reading() as connection:
        page = cards.list_cards(connection, CardFilter(user_id), Cut(cards.ORDERS[ORDER], CARDS))
        latest, _ = activities.list_activities(connection, FeedFilter(user_id), limit=LATEST)
        projects = project_list(connection, page.rows)
    return DashboardAnswer(metrics=metrics, projects=projects, activity=latest)
