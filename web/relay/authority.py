"""Access and first values, from PostgreSQL."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shared.database.access import owner_of, role_in_project
from shared.database.dashboards import read_dashboard
from shared.database.engine import Database
from shared.database.stats import read_stats
from shared.domain.accounts import Role
from shared.domain.channels import Channel, ChannelKind
from shared.domain.errors import UnavailableError
from shared.domain.events import DashboardMetricsUpdate, Operation, ProjectStatsUpdate
from web.relay.ports import Grant, Snapshot

PROJECT_CHANNELS = frozenset({ChannelKind.PROJECT, ChannelKind.IMAGES})


class DatabaseAuthority:
    """Asks the database each time: a cache would let in whom a share no longer admits."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, user_id: UUID, channel: Channel) -> Grant | None:
        """Return the user's grant; None when they may not, or there is no such thing."""
        if channel.kind not in PROJECT_CHANNELS and channel.id != user_id:
            return None
        try:
            with self._database.reading() as connection:
                return _grant(connection, user_id, channel)
        except (DBAPIError, PoolTimeoutError) as away:
            raise UnavailableError("access cannot be checked now, try again") from away


def _grant(connection: Connection, user_id: UUID, channel: Channel) -> Grant | None:
    if channel.kind is ChannelKind.DASH:
        return Grant(Role.OWNER, _dashboard(connection, user_id))
    if channel.kind not in PROJECT_CHANNELS:
        return Grant(Role.OWNER)
    role = role_in_project(connection, user_id, channel.id)
    if role is None or channel.kind is ChannelKind.IMAGES:
        return None if role is None else Grant(role)
    snapshot = _project(connection, channel.id)
    return None if snapshot is None else Grant(role, snapshot)


def _dashboard(connection: Connection, user_id: UUID) -> Snapshot:
    metrics = read_dashboard(connection, user_id)
    now = datetime.now(UTC)
    event = DashboardMetricsUpdate(
        user_id=user_id, metrics=metrics, changed_fields=[], timestamp=now
    )
    return Snapshot(version=metrics.version, at=now, event=event)


def _project(connection: Connection, project_id: UUID) -> Snapshot | None:
    """Return the counts of this moment; None when the project went away meanwhile."""
    stats, owner_id = read_stats(connection, project_id), owner_of(connection, project_id)
    if stats is None or owner_id is None:
        return None
    event = ProjectStatsUpdate(
        project_id=project_id,
        user_id=owner_id,
        stats=stats,
        operation=Operation.RECONCILED,
        operations={},
        affected_count=0,
        truncated=False,
        timestamp=stats.last_updated,
    )
    return Snapshot(version=stats.version, at=stats.last_updated, event=event)
