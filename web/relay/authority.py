"""Access and first values, from PostgreSQL."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shared.database import access, logins
from shared.database.dashboards import read_dashboard
from shared.database.engine import Database
from shared.database.readers import readable_projects
from shared.database.stats import read_stats
from shared.domain.accounts import Role
from shared.domain.channels import PROJECT_CHANNELS, Channel, ChannelKind
from shared.domain.errors import UnavailableError
from shared.domain.events import DashboardMetricsUpdate, Operation, ProjectStatsUpdate
from web.relay.ports import Grant, Pair, Snapshot


class DatabaseAuthority:
    """Asks the database each time: a cache would let in whom a share no longer admits."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, user_id: UUID, channel: Channel) -> Grant | None:
        """Return the user's grant; None when they may not, or there is no such thing."""
        if channel.kind not in PROJECT_CHANNELS and channel.id != user_id:
            return None
        with self._asking() as connection:
            return _grant(connection, user_id, channel)

    def holding(self, pairs: Collection[Pair]) -> dict[Pair, datetime | None]:
        """Return those pairs whose user may see the project, and until when for certain."""
        with self._asking() as connection:
            return access.holding(connection, pairs)

    def signed_in(self, session_ids: Collection[str]) -> set[str]:
        """Return those logins and tokens that are not over."""
        with self._asking() as connection:
            return set(map(str, logins.holding(connection, map(UUID, session_ids))))

    @contextmanager
    def _asking(self) -> Iterator[Connection]:
        try:
            with self._database.reading() as connection:
                yield connection
        except (DBAPIError, PoolTimeoutError) as away:
            raise UnavailableError("access cannot be checked now, try again") from away


def _grant(connection: Connection, user_id: UUID, channel: Channel) -> Grant | None:
    if channel.kind is ChannelKind.DASH:
        return Grant(Role.OWNER, _dashboard(connection, user_id))
    if channel.kind is ChannelKind.ACTIVITY:
        return Grant(Role.OWNER, readable=readable_projects(connection, user_id))
    if channel.kind not in PROJECT_CHANNELS:
        return Grant(Role.OWNER)
    found = access.access_to_project(connection, user_id, channel.id)
    if found is None or channel.kind is ChannelKind.IMAGES:
        return None if found is None else Grant(found.role, until=found.until)
    snapshot = _project(connection, channel.id)
    return None if snapshot is None else Grant(found.role, snapshot, found.until)


def _dashboard(connection: Connection, user_id: UUID) -> Snapshot:
    metrics = read_dashboard(connection, user_id)
    now = datetime.now(UTC)
    event = DashboardMetricsUpdate(
        user_id=user_id, metrics=metrics, changed_fields=[], timestamp=now
    )
    return Snapshot(version=metrics.version, at=now, event=event)


def _project(connection: Connection, project_id: UUID) -> Snapshot | None:
    """Return the counts of this moment; None when the project went away meanwhile."""
    stats, owner_id = read_stats(connection, project_id), access.owner_of(connection, project_id)
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
