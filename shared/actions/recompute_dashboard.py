"""Compute a user's totals, find what changed, announce it (rules.md 10)."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from uuid import UUID

from shared.database import dashboards
from shared.database.engine import Database
from shared.database.transaction import Transaction
from shared.domain.channels import Channel, ChannelKind
from shared.domain.events import DashboardMetricsUpdate
from shared.domain.stats import DashboardMetrics
from shared.messaging.ports import EventPublisher
from shared.pausing import pause

#: How often totals are read without a lock before they are read with one.
TRIES = 3


def recompute_dashboard(
    database: Database, publisher: EventPublisher, user_id: UUID
) -> DashboardMetricsUpdate | None:
    """Announce the user's totals if they changed; None when nobody watches or nothing did."""
    channel = Channel(ChannelKind.DASH, user_id)
    if not publisher.watchers(channel):
        return None  # It stays due; the next look at the dashboard computes it.
    update, is_news = database.transact(lambda tx: _refresh(tx, user_id))
    if not is_news:
        return None
    version = update.metrics.version
    publisher.publish_state(channel, update, version=version)
    database.transact(lambda tx: dashboards.mark_published(tx.connection, user_id, version))
    return update


def refresh_dashboard(database: Database, user_id: UUID) -> DashboardMetrics:
    """Return the totals of this moment: one statement, and one more when they changed.

    Other screens of the user hear of a change by the sweep, which finds the row unpublished.
    """
    for _ in range(TRIES):
        metrics = database.transact(lambda tx: _looked_up(tx, user_id))
        if metrics is not None:
            return metrics
    update, _ = database.transact(lambda tx: _refresh(tx, user_id))
    return update.metrics


def _looked_up(tx: Transaction, user_id: UUID) -> DashboardMetrics | None:
    """Return the totals under the version they are stored with; None when another stored first."""
    now, stored = dashboards.read_with_stored(tx.connection, user_id)
    if stored is not None and now == stored.model_copy(update={"version": now.version}):
        return now
    pause("dashboard.before_store")
    return dashboards.store_after(tx.connection, user_id, now)


def _refresh(tx: Transaction, user_id: UUID) -> tuple[DashboardMetricsUpdate, bool]:
    """Store the totals; what changed is told against those last announced.

    Totals may be news though nothing changed: they went away and came back, and somebody
    fetched the version between.
    """
    stored = dashboards.lock(tx.connection, user_id)
    now = dashboards.read_dashboard(tx.connection, user_id)
    before = None if stored.metrics is None else DashboardMetrics.model_validate(stored.metrics)
    moved = before is None or now != before.model_copy(update={"version": now.version})
    if moved:
        now = now.model_copy(update={"version": stored.version + 1})
    announced = stored.announced or {}
    changed = list(changed_fields(announced, now.to_json()))
    dashboards.store(tx.connection, user_id, now)
    pause("dashboard.before_commit")
    update = DashboardMetricsUpdate(
        user_id=user_id, metrics=now, changed_fields=changed, timestamp=datetime.now(UTC)
    )
    return update, now.version > stored.published_version


def changed_fields(
    before: Mapping[str, object], after: Mapping[str, object], prefix: str = ""
) -> Iterator[str]:
    """Yield the dotted paths of the values that differ; the version itself is not one."""
    for name, value in after.items():
        path = f"{prefix}{name}"
        old = before.get(name)
        if isinstance(value, Mapping):
            yield from changed_fields(old if isinstance(old, Mapping) else {}, value, f"{path}.")
        elif value != old and path != "version":
            yield path
