"""`celltally.recompute_stats` and `celltally.recompute_dashboard`: recount and announce."""

from uuid import UUID

from shared.actions import recompute_dashboard as dashboard_actions
from shared.actions import recompute_stats as stats_actions
from shared.database import dashboards, stats
from shared.messaging.task_names import RECOMPUTE_DASHBOARD, RECOMPUTE_STATS
from worker.app import app
from worker.services import services

#: At most four announcements a second for a project, one a second for a dashboard.
STATS_INTERVAL = 0.25
DASHBOARD_INTERVAL = 1.0


@app.task(name=RECOMPUTE_STATS)  # type: ignore[untyped-decorator]
def recompute_stats(project_id: str) -> None:
    """Fold and announce the project's counts: now, or when its interval is over."""
    here, project = services(), UUID(project_id)
    with here.database.reading() as connection:
        since = stats.seconds_since_fold(connection, project)
    if since is not None and since < STATS_INTERVAL:
        here.queue.recompute_later(project, STATS_INTERVAL - since)
        return
    # Only a change that asks after this point is sure to be followed by another task;
    # one that came before it is seen by the fold below.
    here.queue.stats_begin(project)
    stats_actions.recompute_stats(here.database, here.publisher, project)


@app.task(name=RECOMPUTE_DASHBOARD)  # type: ignore[untyped-decorator]
def recompute_dashboard(user_id: str) -> None:
    """Compute and announce a user's totals: now, or when the interval is over."""
    here, user = services(), UUID(user_id)
    with here.database.reading() as connection:
        since = dashboards.seconds_since_computed(connection, user)
    if since is not None and since < DASHBOARD_INTERVAL:
        here.queue.dashboard_later(user, DASHBOARD_INTERVAL - since)
        return
    here.queue.dashboard_begins(user)
    dashboard_actions.recompute_dashboard(here.database, here.publisher, user)
