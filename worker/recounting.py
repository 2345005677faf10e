"""Recount now or in a moment, so that a flood of changes is announced a few times a second."""

from typing import Protocol
from uuid import UUID

from sqlalchemy import Connection

from shared.actions.recompute_dashboard import recompute_dashboard
from shared.actions.recompute_stats import TooSoonError, recompute_stats
from shared.database import dashboards, stats
from shared.database.engine import Database
from shared.messaging.ports import EventPublisher

#: At most four announcements a second for a project, one a second for a dashboard.
STATS_INTERVAL = 0.25
#: Fewer while thousands of images are done: each number would be gone before it was read.
FLOOD_INTERVAL = 0.6
DASHBOARD_INTERVAL = 1.0


class CoalescingQueue(Protocol):
    """Takes one ask of many, until the recount that it asked for begins."""

    def stats_begin(self, project_id: UUID) -> None: ...
    def recompute_later(self, project_id: UUID, seconds: float) -> None: ...
    def dashboard_begins(self, user_id: UUID) -> None: ...
    def dashboard_later(self, user_id: UUID, seconds: float) -> None: ...


class RecountingServices(Protocol):
    """What recounting needs."""

    @property
    def database(self) -> Database: ...
    @property
    def queue(self) -> CoalescingQueue: ...
    @property
    def publisher(self) -> EventPublisher: ...


def recount_project(services: RecountingServices, project_id: UUID) -> None:
    """Fold and announce the project's counts: now, or when its interval is over."""
    with services.database.reading() as connection:
        seconds = _rest(connection, project_id)
    if seconds <= 0:
        # Only a change that asks after this point is sure to be followed by another task;
        # one that came before it is seen by the fold below.
        services.queue.stats_begin(project_id)
        try:
            recompute_stats(services.database, services.publisher, project_id, rest=_rest)
        except TooSoonError as too_soon:
            seconds = too_soon.seconds
    if seconds > 0:
        services.queue.recompute_later(project_id, seconds)


def _rest(connection: Connection, project_id: UUID) -> float:
    """Return the seconds until the project may be folded again; 0 or less when it may be now."""
    since, flooded = stats.pace(connection, project_id)
    return (FLOOD_INTERVAL if flooded else STATS_INTERVAL) - since


def recount_dashboard(services: RecountingServices, user_id: UUID) -> None:
    """Compute and announce a user's totals: now, or when the interval is over."""
    with services.database.reading() as connection:
        since = dashboards.seconds_since_computed(connection, user_id)
    if since is not None and since < DASHBOARD_INTERVAL:
        services.queue.dashboard_later(user_id, DASHBOARD_INTERVAL - since)
        return
    services.queue.dashboard_begins(user_id)
    recompute_dashboard(services.database, services.publisher, user_id)
