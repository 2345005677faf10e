"""`celltally.recompute_stats` and `celltally.recompute_dashboard`: recount and announce."""

from uuid import UUID

from shared.messaging.task_names import RECOMPUTE_DASHBOARD, RECOMPUTE_STATS
from worker.app import app
from worker.recounting import recount_dashboard, recount_project
from worker.services import services


@app.task(name=RECOMPUTE_STATS)  # type: ignore[untyped-decorator]
def recompute_stats(project_id: str) -> None:
    """Recount a project; safe to deliver more than once."""
    recount_project(services(), UUID(project_id))


@app.task(name=RECOMPUTE_DASHBOARD)  # type: ignore[untyped-decorator]
def recompute_dashboard(user_id: str) -> None:
    """Recount a user's dashboard; safe to deliver more than once."""
    recount_dashboard(services(), UUID(user_id))
